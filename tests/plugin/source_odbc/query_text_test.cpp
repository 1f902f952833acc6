#include <source_odbc/query_text.hpp>

#include <penstock/error.hpp>

#include <gtest/gtest.h>

namespace penstock::odbc {
namespace {

bool is_refused(std::string_view query, bool escapes = false) {
  try {
    (void)one_query(query, escapes);
    return false;
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), PENSTOCK_STATUS_INVALID_ARGUMENT);
    return true;
  }
}

TEST(QueryText, BlanksAndSemicolonsAtItsEndAreTakenAway) {
  EXPECT_EQ(one_query("SELECT 1 -- all of them\n ;\t; ", false), "SELECT 1 -- all of them");
  EXPECT_EQ(one_query("(SELECT 1)", false), "(SELECT 1)");
}

TEST(QueryText, WhatWouldEndItsBracketsIsRefused) {
  for (const char* query : {"", " ; ", "SELECT 1; DROP TABLE t", "SELECT 1) q; DROP TABLE t; --", "SELECT 1) q WHERE (1 = 1", "SELECT (1", "SELECT '\\'; DROP TABLE t; --'",
                            "SELECT 1 /* c */; SELECT 2", "SELECT a$b$; SELECT c$b$", "SELECT $x; SELECT $x"})
    EXPECT_TRUE(is_refused(query)) << query;
}

TEST(QueryText, QuotesAndCommentsMayHoldAnything) {
  for (const char* query : {"SELECT ';)' AS a", "SELECT 'it''s;' AS a", "SELECT \"a;)\" FROM `b;)`", "SELECT 1 -- ;)\n AS a", "SELECT 1 /* ;) */ AS a", "SELECT $$;)$$, $tag$ $$;) $tag$",
                            "SELECT E'\\';)' AS a", "SELECT 'C:\\' AS a, ';' AS b", "SELECT ';", "SELECT 1 /* ;"})
    EXPECT_FALSE(is_refused(query)) << query;
}

TEST(QueryText, ABackslashEscapesAQuoteWhereTheServerSaysSo) {
  EXPECT_FALSE(is_refused("SELECT 'it\\'s;' AS a", true));
  EXPECT_TRUE(is_refused("SELECT 'it\\'s;' AS a, '; DROP TABLE t'", false));
  EXPECT_TRUE(is_refused("SELECT 'it\\\\'; DROP TABLE t; --'", true));
}

}  // namespace
}  // namespace penstock::odbc
