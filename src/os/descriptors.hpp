#pragma once

namespace spider_check::os {

/**
 * What this program may take for granted of its descriptors, whatever it was started with: 0 to 2
 * are open, on /dev/null where they were closed; none above them was inherited, but those that a
 * word of the command line or a variable names as /dev/fd/N; and as many can be opened as the hard
 * limit allows. To be called before anything is opened. Ends the process where not even /dev/null
 * can be had: what is opened next would be taken for the standard output.
 */
void settle_descriptors(int argc, const char* const* argv) noexcept;

/** The first part of it, for a program that inherits nothing else. */
void open_standard_descriptors() noexcept;

// What follows is for a child before it executes a program: system calls only. Each leaves errno
// when it gives false.

/** Sets the limit of descriptors that this program was started with. */
[[nodiscard]] bool give_back_descriptor_limit() noexcept;

/** Closes every descriptor above 2 but this one; -1: all. */
[[nodiscard]] bool close_all_but(int kept) noexcept;

/** Closes every descriptor above 2 when a program is executed. */
[[nodiscard]] bool close_all_on_execute() noexcept;

}  // namespace spider_check::os
