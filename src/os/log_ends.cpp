#include "os/log_ends.hpp"

#include <exception>

#include "core/file_name.hpp"
#include "os/tail.hpp"

namespace spider_check::os {

std::string LogEnds::end_of(const std::filesystem::path& log, std::int64_t most) const noexcept {
  try {
    if (!log.is_absolute() || log.extension() != ".log" || !parse_log_name(log)) return {};
    return read_tail(log, most, Links::refused);
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace spider_check::os
