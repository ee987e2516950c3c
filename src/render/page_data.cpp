#include <map>

#include <nlohmann/json.hpp>

#include "render/html.hpp"
#include "render/page_marks.hpp"
#include "render/page_parts.hpp"
#include "render/text_width.hpp"

namespace spider_check::render {

namespace {

using Json = nlohmann::ordered_json;

// Notes may all be different: what no longer fits is left to `history` and `show`.
constexpr std::size_t max_text_bytes = 900'000;
constexpr std::size_t max_characters = 160;

/** Each text once; rows have its number. */
class Texts {
 public:
  std::size_t number(const std::string& foreign) {
    if (foreign.empty()) return 0;
    const auto some = foreign.substr(0, 4 * max_characters);
    auto text = cut_to(printable(some), max_characters);
    // As it will be written: an escape takes six bytes.
    const auto size = escape_json(text).size();
    if (bytes_ + size > max_text_bytes) text = "…";
    const auto [found, added] = numbers_.try_emplace(text, texts_.size());
    if (added) {
      bytes_ += size;
      texts_.push_back(text);
    }
    return found->second;
  }

  [[nodiscard]] const Json& json() const { return texts_; }

 private:
  std::map<std::string, std::size_t> numbers_;
  Json texts_ = Json::array({""});
  std::size_t bytes_ = 0;
};

std::int64_t seconds(Duration duration) {
  return std::chrono::round<std::chrono::seconds>(duration).count();
}

/** In the order of the table's columns; -1 is what nobody knows. */
Json row(const RunRecord& record, Texts& texts) {
  const auto& run = record.run;
  return Json::array({run.id, unix_seconds(run.started), static_cast<int>(look_of(record)),
                      run.finished ? seconds(*run.finished - run.started) : -1,
                      Json::array({record.ok, record.degraded, record.failed}),
                      record.items.value_or(-1), record.late ? seconds(*record.late) : -1,
                      run.attempt, texts.number(run.owner.host), texts.number(run_note(record)),
                      run.partial ? 1 : 0});
}

Json zone_table(const PageTimes& times) {
  auto table = Json::array();
  for (const auto& offset : times.offsets()) {
    table.push_back(Json::array({offset.from, offset.ahead, offset.name}));
  }
  return table;
}

}  // namespace

std::string page_data(const PageReport& report, const PageTimes& times) {
  Texts texts;
  auto runs = Json::array();
  for (const auto& record : report.history.runs) runs.push_back(row(record, texts));
  const Json data = {{"now", unix_seconds(times.now())},
                     {"interval", seconds(report.status.policy.interval)},
                     {"zone", zone_table(times)},
                     {"texts", texts.json()},
                     {"runs", std::move(runs)}};
  return escape_json(data.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace spider_check::render
