#pragma once

#include <doctest/doctest.h>

#include "os/termination.hpp"

/** Says how a process ended where a test fails. */
template <>
struct doctest::StringMaker<spider_check::Termination> {
  static doctest::String convert(const spider_check::Termination& termination) {
    return spider_check::to_text(termination).c_str();
  }
};
