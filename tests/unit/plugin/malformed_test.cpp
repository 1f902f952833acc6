// Arrow structs that a plugin may not give, each through a real library: one clear failure, and the host goes on.
#include "fixtures.hpp"
#include "support/batches.hpp"

#include <gmock/gmock.h>

namespace penstock::host {
namespace {

using ::penstock::test::Cell;
using ::penstock::test::null;
using ::penstock::test::Row;
using ::penstock::test::rows_of;
using test::Misbehaving;
using test::outcome;

struct Case {
  const char* mode;
  const char* message;
};

class MalformedSource : public testing::Test {
 protected:
  Misbehaving plugin{"malformed_source"};

  std::string describe(const std::string& mode) const { return outcome(plugin.source(mode)->describe({}, {})); }
  // The outcome of the second batch, which is the one that is bent.
  std::string second_batch(const std::string& mode) const {
    const auto source = plugin.source(mode);
    const auto stream = std::move(*source->scan({}, {}, ""));
    EXPECT_EQ(outcome(stream->next()), "OK");
    const auto batch = stream->next();
    if (batch) {
      EXPECT_EQ(rows_of(**batch).size(), 3u);
    } else {
      EXPECT_EQ(batch.failure().status, PENSTOCK_STATUS_INTERNAL);
      EXPECT_EQ(outcome(stream->next()), batch.failure().message) << "a stream that failed is not asked again";
    }
    return outcome(batch);
  }
};

constexpr Case kArrays[] = {
    {"length_negative", "a batch needs a length >= 0 and no offset of its own"},
    {"length_unlike_columns", "column \"n\": length 3, expected 4"},
    {"batch_offset", "a batch needs a length >= 0 and no offset of its own"},
    {"batch_without_bitmap", "buffer count 0, expected 1"},
    {"batch_without_buffers", "no buffers"},
    {"batch_dictionary", "dictionaries are not supported"},
    {"columns_too_few", "column count 3, expected 4"},
    {"columns_too_many", "column count 5, expected 4"},
    {"columns_negative", "column count -1, expected 4"},
    {"columns_null", "no columns"},
    {"column_null", "no column 1"},
    {"length_huge", "column \"n\": offset or length out of range"},
    {"column_length_negative", "column \"n\": length -3, expected 3"},
    {"column_too_short", "column \"n\": length 2, expected 3"},
    {"column_released", "column \"n\": already released"},
    {"column_dictionary", "column \"n\": dictionaries are not supported"},
    {"column_with_child", "column \"n\": child count 1, expected 0"},
    {"column_of_another_type", "column \"n\": buffer count 3, expected 2"},
    {"offset_negative", "column \"n\": offset or length out of range"},
    {"offset_overflows", "column \"n\": offset or length out of range"},
    {"buffers_too_few", "column \"n\": buffer count 1, expected 2"},
    {"buffers_too_many", "column \"n\": buffer count 3, expected 2"},
    {"buffers_negative", "column \"n\": buffer count -1, expected 2"},
    {"buffers_null", "column \"n\": no buffers"},
    {"data_null", "column \"n\": no data buffer"},
    {"fixed_data_null", "column \"w\": no data buffer"},
    {"child_released", "column \"l\", items: already released"},
    {"child_null", "column \"l\": no child"},
    {"child_list_null", "column \"l\": no child"},
    {"child_missing", "column \"l\": child count 0, expected 1"},
    {"child_too_short", "column \"l\": offsets beyond the child"},
    {"child_length_negative", "column \"l\": offsets beyond the child"},
    {"child_offset_overflows", "column \"l\", items: offset or length out of range"},
    {"child_text_no_utf8", "column \"l\", items: invalid UTF-8 at row 2"},
    {"row_null", "a row of a batch cannot be null as a whole"},
    {"row_null_uncounted", "a row of a batch cannot be null as a whole"},
    {"row_null_denied", "a row of a batch cannot be null as a whole"},
    {"nulls_too_many", "column \"n\": null count out of range"},
    {"nulls_below_unknown", "column \"n\": null count out of range"},
    {"nulls_miscounted", "column \"n\": null count 2, but 1 in the validity buffer"},
    {"nulls_denied", "column \"n\": null count 0, but 1 in the validity buffer"},
    {"nulls_without_bitmap", "column \"n\": nulls without a validity buffer"},
    {"offsets_null", "column \"t\": no offsets buffer"},
    {"offsets_decrease", "column \"t\": offsets decrease at row 1"},
    {"offsets_negative", "column \"t\": negative offset"},
    {"offsets_end_negative", "column \"t\": offsets decrease at row 2"},
    {"offsets_misaligned", "column \"t\": the offsets buffer is not aligned"},
    {"list_offsets_decrease", "column \"l\": offsets decrease at row 1"},
    {"list_offsets_beyond", "column \"l\": offsets beyond the child"},
    {"list_offsets_null", "column \"l\": no offsets buffer"},
    {"text_null", "column \"t\": no data buffer"},
    {"text_no_utf8", "column \"t\": invalid UTF-8 at row 2"},
    {"text_surrogate", "column \"t\": invalid UTF-8 at row 2"},
    {"text_overlong", "column \"t\": invalid UTF-8 at row 2"},
    {"text_cut", "column \"t\": invalid UTF-8 at row 2"},
};

TEST_F(MalformedSource, HasEveryArrayRefusedWithBatchColumnAndRule) {
  for (const auto& [mode, message] : kArrays)
    EXPECT_EQ(second_batch(mode), std::string("misbehaving: read: batch 2: malformed Arrow array: ") + message) << mode;
}

TEST_F(MalformedSource, MayGiveWhatIsOddButAllowed) {
  const std::vector<Row> rows{{1, "one", Cell::List{"a", "b"}, "aaaa"}, {null, "", Cell::List{}, "bbbb"}, {3, "drei", Cell::List{"c"}, "cccc"}};
  for (const char* mode : {"fine", "odd_nulls_unknown", "odd_bitmap_without_nulls", "odd_row_bitmap"}) {
    const auto source = plugin.source(mode);
    const auto stream = std::move(*source->scan({}, {}, ""));
    EXPECT_EQ(outcome(stream->next()), "OK");
    EXPECT_EQ(rows_of(**stream->next()), rows) << mode;
  }
  EXPECT_EQ(second_batch("odd_first_offset"), "OK");
}

constexpr Case kSchemas[] = {
    {"schema_not_struct", "the Arrow schema is not a struct"},
    {"schema_no_format", "a format is missing or too long"},
    {"schema_empty", "it has no columns"},
    {"schema_columns_negative", "-1 children, allowed are 4096"},
    {"schema_columns_huge", "9223372036854775807 children, allowed are 4096"},
    {"schema_columns_null", "children are missing"},
    {"schema_column_null", "child 1 is missing"},
    {"schema_column_released", "column \"t\": it holds a released node"},
    {"schema_dictionary", "column \"t\": dictionaries are not supported"},
    {"schema_keeps_release", "its release did not set itself to NULL"},
    {"format_null", "column \"n\": a format is missing or too long"},
    {"format_empty", "column \"n\" has the unsupported Arrow format \"\""},
    {"format_unknown", "column \"n\" has the unsupported Arrow format \"tDs\""},
    {"format_large_text", "column \"t\" has the unsupported Arrow format \"U\""},
    {"format_struct", "column \"t\" has the unsupported Arrow format \"+s\""},
    {"format_too_long", "column \"n\": a format is missing or too long"},
    {"format_trailing", "column \"w\": its format \"w:4x\" means \"w:4\", if anything"},
    {"width_zero", "column \"w\" has the unsupported Arrow format \"w:0\""},
    {"width_wraps", "column \"w\": its format \"w:4294967300\" means \"w:4\", if anything"},
    {"width_huge", "column \"w\": values of 2147483647 bytes, allowed are 1048576"},
    {"precision_zero", "column \"n\" has the unsupported Arrow format \"d:0,0\""},
    {"precision_too_great", "column \"n\" has the unsupported Arrow format \"d:39,2\""},
    {"scale_too_great", "column \"n\" has the unsupported Arrow format \"d:10,99\""},
    {"zone_control", "column \"n\": its time zone is not readable text"},
    {"zone_no_utf8", "column \"n\": its time zone is not readable text"},
    {"name_null", "a column has no name"},
    {"name_empty", "a column has no name"},
    {"name_twice", "two columns are named \"n\""},
    {"name_no_utf8", "a column's name is not UTF-8: \"n\\xff\""},
    {"name_too_long", "column 0: a name is longer than 1024 bytes"},
    {"list_without_item", "column \"l\" has the unsupported Arrow format \"+l\""},
    {"list_of_two", "column \"l\" has the unsupported Arrow format \"+l\""},
    {"list_item_null", "column \"l\": child 0 is missing"},
    {"list_item_released", "column \"l\": it holds a released node"},
    {"list_of_unknown", "column \"item\" has the unsupported Arrow format \"tDs\""},
    {"flat_with_child", "column \"n\": its format has no children, but it has"},
    {"lists_too_deep", "column \"l\": it is nested too deeply"},
    {"list_in_itself", "column \"l\": it is nested too deeply"},
};

TEST_F(MalformedSource, HasEverySchemaRefusedWithItsColumn) {
  for (const auto& [mode, message] : kSchemas)
    EXPECT_EQ(describe(mode), std::string("misbehaving: describe: unusable Arrow schema: ") + message) << mode;
}

TEST_F(MalformedSource, MayCallTheItemsOfAListDifferentlyInTheStreamButNotChangeTheirType) {
  for (const auto& [mode, message] : {Case{"odd_item_name", "OK"},
                                      Case{"items_of_bytes", "misbehaving: scan: table changed: column \"l\" is streamed as +l of u but was "
                                                             "described as +l of z (Arrow formats)"}}) {
    const auto source = plugin.source(mode);
    EXPECT_EQ(outcome(source->describe({}, {})), "OK");
    EXPECT_EQ(outcome(source->scan({}, {}, "")), message) << mode;
  }
}

TEST_F(MalformedSource, MayHaveASchemaWithWhatNobodyReads) {
  const Schema letters{{.name = "n", .type = penstock::Type::int64}, {.name = "t", .type = penstock::Type::utf8},
                       penstock::list_of("l", penstock::Type::utf8), {.name = "w", .type = penstock::Type::fixed_binary, .width = 4}};
  for (const char* mode : {"fine", "odd_metadata", "odd_flags"}) EXPECT_EQ(*plugin.source(mode)->describe({}, {}), letters) << mode;
  EXPECT_EQ((*plugin.source("odd_zone")->describe({}, {}))[0].timezone, "Mars/Olympus");
  EXPECT_EQ((*plugin.source("odd_name")->describe({}, {}))[0].name, "a\nb\x1b");
}

TEST_F(MalformedSource, IsWarnedAboutWhenItsStreamIsNotReleased) {
  (void)plugin.source("stream_keeps_release")->scan({}, {}, "");
  EXPECT_EQ(plugin.heard.log(), std::vector<std::string>{"3 misbehaving: scan: the stream's release did not set itself to NULL"});
}

TEST_F(MalformedSource, DoesNotStopAnother) {
  const auto bad = plugin.source("offsets_decrease"), good = plugin.source("fine");
  const auto bad_stream = std::move(*bad->scan({}, {}, "")), good_stream = std::move(*good->scan({}, {}, ""));
  EXPECT_EQ(outcome(bad_stream->next()), "OK");
  EXPECT_EQ(outcome(good_stream->next()), "OK");
  EXPECT_NE(outcome(bad_stream->next()), "OK");
  EXPECT_EQ(outcome(good_stream->next()), "OK");
}

class MalformedSink : public testing::Test {
 protected:
  Misbehaving plugin{"malformed_sink"};

  Result<Batch> lookup(const std::string& mode) const {
    return plugin.sink(mode)->lookup({}, {"users", 1}, "user_id", {{.name = "t", .type = penstock::Type::utf8}}, {"a", "b", "c"});
  }
};

constexpr Case kAnswers[] = {
    {"answer_nothing", "malformed Arrow array: already released"},
    {"answer_too_few_rows", "1 rows for 3 keys"},
    {"answer_without_the_field", "malformed Arrow array: column count 3, expected 4"},
    {"answer_column_too_long", "malformed Arrow array: column \"t\": length 4, expected 3"},
    {"answer_no_utf8", "malformed Arrow array: column \"t\": invalid UTF-8 at row 2"},
    {"answer_offsets_decrease", "malformed Arrow array: column \"t\": offsets decrease at row 1"},
    {"answer_state_unknown", "row 1 has an unknown state"},
    {"answer_state_null", "row 1 has an unknown state"},
    {"answer_without_order", "row 2 was found but has no order key"},
    {"answer_life_negative", "row 2 has a remaining life that cannot be"},
    {"answer_life_overflows", "row 2 has a remaining life that cannot be"},
};

TEST_F(MalformedSink, HasEveryAnswerRefusedWithItsRule) {
  for (const auto& [mode, message] : kAnswers) EXPECT_EQ(outcome(lookup(mode)), std::string("misbehaving: lookup: ") + message) << mode;
}

TEST_F(MalformedSink, IsReadWhenItsAnswerIsRight) {
  EXPECT_EQ(rows_of(*lookup("fine")), (std::vector<Row>{{PENSTOCK_PROFILE_FOUND, "one", 0, "one"},
                                                        {PENSTOCK_PROFILE_MISSING, null, null, null},
                                                        {PENSTOCK_PROFILE_FOUND, "drei", 0, "drei"}}));
}

TEST_F(MalformedSink, MayAnswerTheLongestLifeThatAViewCanGive) {
  const Row last = {PENSTOCK_PROFILE_FOUND, "drei", std::numeric_limits<int64_t>::max() / 1'000'000, "drei"};
  EXPECT_EQ(rows_of(*lookup("life_of_centuries")).back(), last);
}

TEST_F(MalformedSink, IsNotOpenedWithAFeatureThatIsTooSmall) {
  EXPECT_EQ(outcome(plugin.try_sink("lookup_too_small")), "misbehaving: open: lookup/1: struct_size is 8, ABI 1.0 has 16");
  EXPECT_EQ(outcome(plugin.try_sink("lookup_with_hole")), "misbehaving: open: lookup/1: slot read is NULL");
}

}  // namespace
}  // namespace penstock::host
