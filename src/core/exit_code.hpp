#pragma once

namespace spider_check {

/**
 * Every exit status of the program, in one place. Beside these, a program that was ended by signal
 * N ends by that signal, which a shell shows as 128+N. Only `health` has a table of its own,
 * because monitoring gives one: HealthLevel.
 */
enum class ExitCode {
  success = 0,            ///< nothing was due, or every spider succeeded
  spider_failed = 1,      ///< at least one spider failed, or the project could not be listed
  usage = 2,              ///< wrong flags or a wrong configuration; nothing was run
  database_unusable = 3,  ///< the database cannot be used, and nothing was run
  already_running = 4,    ///< --force, but another instance is running
  internal = 70,          ///< a fault of the program itself (EX_SOFTWARE of sysexits.h)
};

}  // namespace spider_check
