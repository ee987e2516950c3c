// The part of fmt that is code, compiled once: as a shared library it would cost each tick more
// than it is worth, and as a header-only one it costs each file seconds.
#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE

namespace detail {

template auto thousands_sep_impl<char>(locale_ref) -> thousands_sep_result<char>;
template auto decimal_point_impl<char>(locale_ref) -> char;
template void buffer<char>::append(const char*, const char*);
#if FMT_VERSION >= 100000
template void vformat_to(buffer<char>&, string_view, typename vformat_args<>::type, locale_ref);
#endif

}  // namespace detail

FMT_END_NAMESPACE
