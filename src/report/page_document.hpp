#pragma once

#include <string_view>

namespace spider_check {

/** src/report/page/page.html with its style and script, cut where the program fills something in.
 */
struct PageDocument {
  std::string_view before_title;
  std::string_view before_fragment;
  std::string_view before_data;
  std::string_view end;
};

[[nodiscard]] PageDocument page_document() noexcept;

}  // namespace spider_check
