#pragma once

#include <string>
#include <vector>

#include "schedule/crawl.hpp"
#include "schedule/run.hpp"

namespace spider_check {

/** "Database", "PostgreSQL 15.14, …" */
struct CheckFact {
  std::string name;  ///< empty: goes on with the fact before
  std::string text;
};

/** A spider with what applies to it. */
struct CheckedSpider {
  std::string name;
  bool crawl = false;
  std::string spider;  ///< of the project, where that has another name
  SpiderLimits limits;
  Criteria criteria;
  std::vector<std::string> arguments;  ///< further ones
  std::vector<std::string> variables;  ///< names only: their values may be secret
  fs::path working_directory;          ///< empty: where it would work anyway
  std::string check_sql{};             ///< empty: none
  std::string check_place{};           ///< of a database of its own; empty: none
};

/** One line with the place, what is wrong and what would be right. */
struct CheckFinding {
  enum class Kind {
    problem,   ///< ticks would fail
    database,  ///< ticks would fail, and all that is wrong is the database
    warning,   ///< ticks work, but hardly as it is meant
  };

  Kind kind = Kind::problem;
  std::string text;
};

/** Everything that `check` shows. */
struct CheckReport {
  std::vector<CheckFact> facts;
  std::vector<CheckedSpider> spiders;
  std::vector<CheckFinding> findings;  ///< in the order in which to fix them
  std::string next;                    ///< what happens when nothing is wrong

  void fact(std::string name, std::string text) {
    facts.push_back({std::move(name), std::move(text)});
  }

  void problem(std::string text) { add(CheckFinding::Kind::problem, std::move(text)); }

  void database_problem(std::string text) { add(CheckFinding::Kind::database, std::move(text)); }

  void warning(std::string text) { add(CheckFinding::Kind::warning, std::move(text)); }

  void add(CheckFinding::Kind kind, std::string text) {
    findings.push_back({kind, std::move(text)});
  }
};

struct Environment;
struct Loaded;

/**
 * Tries each program, directory and server that a configuration names; lists the spiders. Changes
 * nothing, and throws nothing for what is wrong: the report holds it.
 */
[[nodiscard]] CheckReport check(const Loaded& loaded, const Environment& environment);

/** Success when there is at most a warning. */
[[nodiscard]] ExitCode exit_code(const CheckReport& report);

/** The report for a person: what is known, the spiders, and what is wrong, numbered; printable. */
[[nodiscard]] std::string check_text(const CheckReport& report);

}  // namespace spider_check
