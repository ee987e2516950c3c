#pragma once

#include "schedule/crawl.hpp"

namespace spider_check::fuzz {

/** What must hold of every crawl, whoever told it: it can be judged, recorded and shown. */
void check_crawl(const CrawlReport& crawl);

}  // namespace spider_check::fuzz
