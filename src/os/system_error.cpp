#include "os/system_error.hpp"

#include <cerrno>

namespace spider_check::os {

std::system_error system_error(const std::string& what) {
  return {errno, std::generic_category(), what};
}

}  // namespace spider_check::os
