# fish completion for spider-check; tests/e2e/test_completions.py holds it to the program's --help.

# Prints the command that is typed already, nothing for a tick; "--spider" where a name of a spider is next.
function __spider_check_command
    set -l value no
    set -l names no
    for word in (commandline -opc)[2..]
        if test $value = yes
            set value no
            continue
        end
        switch $word
            case -c --config
                set value yes
            case --spider
                set names yes
            case '-*'
                set names no
            case '*'
                if test $names = no
                    echo $word
                    return
                end
        end
    end
    test $names = no; or echo -- --spider
end

function __spider_check_is
    set -l command (__spider_check_command)
    contains -- "$command" $argv
end

# Which spiders there are is known without a database: those that have logs.
function __spider_check_spiders
    set -l words (commandline -opc)
    set -l config
    for i in (seq 2 (count $words))
        switch $words[$i]
            case -c --config
                set config -c (string replace -r '^~/' ~/ -- $words[(math $i + 1)])
            case '--config=*'
                set config -c (string replace -- --config= '' $words[$i])
        end
    end
    command $words[1] $config logs 2>/dev/null
end

complete -c spider-check -f
complete -c spider-check -s h -l help -d 'Show this help'
complete -c spider-check -s c -l config -r -F -d 'The configuration file'
complete -c spider-check -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c spider-check -s v -l verbose -d 'Say more'

set -l tick "__spider_check_is '' --spider"
complete -c spider-check -n $tick -l version -d 'Show the version'
complete -c spider-check -n $tick -l force -d 'Run all spiders now, also when no run is due'
complete -c spider-check -n $tick -l spider -x -a '(__spider_check_spiders)' -d 'Run only these now; never moves the schedule'
complete -c spider-check -n $tick -l dry-run -d 'Say what would be done, and why; change nothing'
complete -c spider-check -n '__spider_check_is --spider' -a '(__spider_check_spiders)'

set -l none "__spider_check_is ''"
complete -c spider-check -n $none -a migrate -d 'Prepare the database, or bring it up to date'
complete -c spider-check -n $none -a status -d 'Show the last run, who runs now, what is due next'
complete -c spider-check -n $none -a history -d 'List runs, and when and why nothing ran'
complete -c spider-check -n $none -a show -d 'Show one run whole, attempt by attempt'
complete -c spider-check -n $none -a report -d 'Write an HTML report'
complete -c spider-check -n $none -a health -d 'Answer as monitoring plugins do'
complete -c spider-check -n $none -a metrics -d 'Print the status as Prometheus reads it'
complete -c spider-check -n $none -a logs -d 'Show or follow the log of a spider'
complete -c spider-check -n $none -a prune -d 'Remove old runs and logs, as each run does'
complete -c spider-check -n $none -a check -d 'Try everything that the configuration names'
complete -c spider-check -n $none -a notify -d 'Send a test notification'
complete -c spider-check -n $none -a init -d 'Write a configuration for a Scrapy project'

complete -c spider-check -n '__spider_check_is migrate' -l wait -x -d 'How long to wait for the server, like 30s'
complete -c spider-check -n '__spider_check_is status history show' -l json -d 'Print JSON'
complete -c spider-check -n '__spider_check_is history' -l since -x -d 'How far back, like 7d, which is the default'
complete -c spider-check -n '__spider_check_is history' -l spider -x -a '(__spider_check_spiders)' -d 'Only runs of this spider'
complete -c spider-check -n '__spider_check_is history' -l status -x -a 'running completed failed' -d 'Only runs that are running, completed or failed'
complete -c spider-check -n '__spider_check_is report' -s o -l output -r -F -d 'The file to write; default: print it'
complete -c spider-check -n '__spider_check_is health' -l max-age -x -d 'Older data is critical, like 6h'
complete -c spider-check -n '__spider_check_is logs' -a '(__spider_check_spiders)'
complete -c spider-check -n '__spider_check_is logs' -l run -x -d 'Of this run, not the newest'
complete -c spider-check -n '__spider_check_is logs' -l attempt -x -d 'Of this attempt, not the last'
complete -c spider-check -n '__spider_check_is logs' -s f -l follow -d 'Go on with what is added, and with the next logs'
complete -c spider-check -n '__spider_check_is prune' -l dry-run -d 'Say what would go; change nothing'
complete -c spider-check -n '__spider_check_is notify' -l test -d 'Send a test by each channel'
complete -c spider-check -n '__spider_check_is init' -s o -l output -r -F -d 'The file to write; never one that exists'
complete -c spider-check -n '__spider_check_is init' -l stdout -d 'Print it, and write no file'
complete -c spider-check -n '__spider_check_is init' -l cron -d 'Print the line for a crontab, and do nothing else'
complete -c spider-check -n '__spider_check_is init' -a '(__fish_complete_directories)'
