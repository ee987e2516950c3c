#include "trace.hpp"

#include "machine.hpp"

namespace spider_check::test {

std::string to_text(const Trace& trace) {
  return "process " + std::to_string(trace.pid) + " on " + trace.machine->name;
}

}  // namespace spider_check::test
