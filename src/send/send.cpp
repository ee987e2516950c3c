// Sends one request, which it reads from standard input: a command line can be read by everybody.
// Prints one line and ends with 0 when it was taken, else with 1.

#include <cstdio>
#include <exception>
#include <iostream>

#include "os/descriptors.hpp"
#include "send/request.hpp"

int main() {
  using namespace spider_check;
  spider_check::open_standard_descriptors();
  try {
    const auto answer = send(read_request(std::cin));
    std::fprintf(answer.taken ? stdout : stderr, "%s\n", answer.words.c_str());
    return answer.taken ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "send: %s\n", error.what());
    return 1;
  }
}
