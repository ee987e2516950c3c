#pragma once

#include <string>

#include "os/file_descriptor.hpp"

namespace spider_check::os {

/** A pipe that is read without waiting; a child that gets the other end may wait. */
struct Pipe {
  FileDescriptor read_end;
  FileDescriptor write_end;
};

/** Throws std::system_error. */
[[nodiscard]] Pipe make_pipe();

/**
 * Reads all that is there, so that nobody who writes waits for us; keeps at most `most` bytes. At
 * the end `from` is closed.
 */
void drain(FileDescriptor& from, std::string& to, std::size_t most);

}  // namespace spider_check::os
