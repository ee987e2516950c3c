#pragma once

#include <string>
#include <utility>
#include <vector>

namespace spider_check::test {

/** What this program does as a child of its own tests; gives the exit status. */
int child_program(const std::vector<std::string>& words);

/** The command that starts this program as a child. */
inline std::vector<std::string> self(std::vector<std::string> words) {
  words.insert(words.begin(), {"/proc/self/exe", "--child"});
  return words;
}

}  // namespace spider_check::test
