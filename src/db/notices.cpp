#include "db/notices.hpp"

#include <array>
#include <cstdio>
#include <string_view>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "db/sqlstate.hpp"

namespace spider_check::db {

namespace {

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

void add_field(std::string& text, const PGresult* notice, int field) {
  const char* value = PQresultErrorField(notice, field);
  if (value != nullptr) text += (text.empty() ? "" : "; ") + one_line(value);
}

}  // namespace

SilentStderr::SilentStderr() noexcept
    : file_(::memfd_create("stderr", MFD_CLOEXEC)),
      stderr_(file_ < 0 ? -1 : ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)) {
  // Without descriptors to spare it stays as it was.
  if (stderr_ >= 0) ::dup2(file_, STDERR_FILENO);
}

SilentStderr::~SilentStderr() {
  if (stderr_ >= 0) {
    ::dup2(stderr_, STDERR_FILENO);
    ::close(stderr_);
  }
  if (file_ >= 0) ::close(file_);
}

std::vector<std::string> SilentStderr::messages() const {
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; file_ >= 0 && (got = ::pread(file_, buffer.data(), buffer.size(),
                                                     static_cast<off_t>(text.size()))) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return messages_in(text);
}

std::vector<std::string> messages_in(const std::string& text) {
  std::vector<std::string> messages;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    auto line = one_line(text.substr(at, end - at));
    const bool goes_on = text[at] == ' ' || text[at] == '\t' || starts_with(line, "DETAIL: ") ||
                         starts_with(line, "HINT: ");
    at = end + 1;
    for (const std::string_view label : {"WARNING: ", "DETAIL: ", "HINT: "}) {
      if (starts_with(line, label)) line.erase(0, label.size());
    }
    if (line.empty()) continue;
    if (goes_on && !messages.empty()) {
      messages.back() += "; " + line;
    } else {
      messages.push_back(std::move(line));
    }
  }
  return messages;
}

std::string warning_of(const PGresult* notice) {
  const char* severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  std::string text;
  if (severity == nullptr) return one_line(PQresultErrorMessage(notice));  // libpq's own
  if (std::string_view(severity) != "WARNING") return text;
  for (const int field : {PG_DIAG_MESSAGE_PRIMARY, PG_DIAG_MESSAGE_DETAIL, PG_DIAG_MESSAGE_HINT}) {
    add_field(text, notice, field);
  }
  return text;
}

}  // namespace spider_check::db
