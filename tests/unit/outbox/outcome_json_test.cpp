// What of an outcome could keep PostgreSQL from recording it.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "outbox/record_json.hpp"

namespace spider_check {

TEST_CASE("no text holds a NUL when it is recorded, and no key of a crawl's does") {
  CrawlReport crawl;
  crawl.source = CrawlSource::log;
  crawl.finish_reason = std::string("a\0b", 3);
  crawl.stats = R"({"a\u0000b": ["\u0000", {"x\u0000": "y\u0000"}, 3], "n": null})";
  crawl.fields = {{std::string("pay\0", 4), 2}};
  crawl.faults = {{std::string("p\0", 2), std::string("t\0", 2), 1}};
  std::vector<JournaledOutcome> outcomes(1);
  outcomes[0].outcome.crawl = crawl;
  const JournaledEnd end{{RunStatus::failed, std::string("f\0", 2), {std::string("g\0", 2)}, {}},
                         {}};
  const auto json = facts_json({{}, outcomes, &end}, {});
  CHECK(json.find("\\u0000") == std::string::npos);
  const auto facts = Json::parse(json);
  CHECK(facts["ending"]["failure"] == "f?");
  CHECK(facts["ending"]["faults"].dump() == R"(["g?"])");
  const auto& recorded = facts["outcomes"][0];
  CHECK(recorded["stats"].dump() == R"({"a?b":["?",{"x?":"y?"},3],"n":null})");
  CHECK(recorded["field_counts"].dump() == R"({"pay?":2})");
}

}  // namespace spider_check
