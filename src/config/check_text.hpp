#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "schedule/crawl.hpp"
#include "schedule/run.hpp"

namespace spider_check {

/** Something that is known, for people: "Database", "PostgreSQL 15.14, …". */
struct CheckFact {
  std::string name;  ///< empty: the text goes on with the fact before
  std::string text;
};

/** A spider with what applies to it. */
struct CheckedSpider {
  std::string name;
  bool crawl = false;
  std::string spider;  ///< of the project, where that has another name
  SpiderLimits limits;
  Criteria criteria;
  std::vector<std::string> arguments;       ///< beside those that start it
  std::vector<std::string> variables;       ///< names only: their values may be secret
  std::filesystem::path working_directory;  ///< empty: where it would work anyway
  std::string check_sql{};                  ///< empty: none
  std::string check_place{};                ///< of a database of its own; empty: none
};

/** Something that is wrong: one line with the place, what is wrong and what would be right. */
struct CheckFinding {
  enum class Kind {
    problem,   ///< ticks would fail
    database,  ///< ticks would fail, and all that is wrong is the database
    warning,   ///< ticks work, but hardly as it is meant
  };

  Kind kind = Kind::problem;
  std::string text;
};

/** Everything that `check` shows, before it is put into words. */
struct CheckReport {
  std::vector<CheckFact> facts;
  std::vector<CheckedSpider> spiders;
  std::vector<CheckFinding> findings;  ///< in the order in which a person would mend them
  std::string next;                    ///< what happens when nothing is wrong
};

/** Success when there is at most a warning. */
[[nodiscard]] ExitCode exit_code(const CheckReport& report);

/**
 * The report of `check` for a person: what is known, the spiders, and what is wrong, numbered in
 * the order in which to mend it. Names and messages of others are made printable.
 */
[[nodiscard]] std::string check_text(const CheckReport& report);

}  // namespace spider_check
