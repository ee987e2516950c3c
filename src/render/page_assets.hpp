#pragma once

#include <string_view>

namespace spider_check::render {

/** A file of src/render/page, compiled in, with what a content security policy knows it by. */
struct PageAsset {
  std::string_view text;
  std::string_view hash;  ///< "sha256-…"
};

[[nodiscard]] PageAsset page_style() noexcept;
[[nodiscard]] PageAsset page_script() noexcept;

/** The shapes and patterns that everything on the page refers to. */
[[nodiscard]] PageAsset page_shapes() noexcept;

}  // namespace spider_check::render
