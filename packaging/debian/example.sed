# Of the configuration that `spider-check init` writes, what is different with this package: where the
# project and its Scrapy are, and the service's directories, which commands by hand are to find, too.
s,^project = "\."        ,project = "/srv/jobs",
s,^command = .*/scrapy"\] ,command = ["/usr/bin/scrapy"]           ,
s,^#\(state_dir = "[^"]*"\),\1 ,
s,^#\(log_dir = "[^"]*"\),\1 ,
