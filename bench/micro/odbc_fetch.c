/* The least that reading through an ODBC driver can be: column-wise arrays, every cell bound, nothing done with the values.
 *
 *   odbc_fetch CONNECTION TYPES ROWS SQL    prints the rows, the seconds, the CPU seconds and the highest resident KiB
 *
 * TYPES has a letter a column: l int32, d double, b bit, t timestamp, c text of at most 255 bytes. ROWS are fetched at a time. */
#include <sql.h>
#include <sqlext.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define TEXT_BYTES 256

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static double cpu(const struct rusage* used) {
  return (double)(used->ru_utime.tv_sec + used->ru_stime.tv_sec) + (double)(used->ru_utime.tv_usec + used->ru_stime.tv_usec) / 1e6;
}

static void must(SQLRETURN result, SQLSMALLINT kind, SQLHANDLE handle) {
  SQLCHAR state[6], text[512];
  SQLINTEGER native;
  if (SQL_SUCCEEDED(result)) return;
  if (SQL_SUCCEEDED(SQLGetDiagRec(kind, handle, 1, state, &native, text, sizeof text, NULL))) fprintf(stderr, "%s %s\n", (char*)state, (char*)text);
  exit(1);
}

static void bind(SQLHSTMT statement, SQLUSMALLINT column, char type, size_t rows) {
  SQLSMALLINT c_type = SQL_C_CHAR;
  size_t width = TEXT_BYTES;
  if (type == 'l') c_type = SQL_C_SLONG, width = 4;
  if (type == 'd') c_type = SQL_C_DOUBLE, width = 8;
  if (type == 'b') c_type = SQL_C_BIT, width = 1;
  if (type == 't') c_type = SQL_C_TYPE_TIMESTAMP, width = sizeof(SQL_TIMESTAMP_STRUCT);
  must(SQLBindCol(statement, column, c_type, malloc(width * rows), (SQLLEN)width, malloc(sizeof(SQLLEN) * rows)), SQL_HANDLE_STMT, statement);
}

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  SQLHENV environment;
  SQLHDBC connection;
  SQLHSTMT statement;
  SQLULEN fetched = 0;
  const size_t rows = strtoul(argv[3], NULL, 10);
  SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment);
  SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
  SQLAllocHandle(SQL_HANDLE_DBC, environment, &connection);
  must(SQLDriverConnect(connection, NULL, (SQLCHAR*)argv[1], SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT), SQL_HANDLE_DBC, connection);
  SQLSetConnectAttr(connection, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0);
  SQLAllocHandle(SQL_HANDLE_STMT, connection, &statement);
  SQLSetStmtAttr(statement, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)rows, 0);
  SQLSetStmtAttr(statement, SQL_ATTR_ROWS_FETCHED_PTR, &fetched, 0);
  for (size_t i = 0; argv[2][i] != '\0'; ++i) bind(statement, (SQLUSMALLINT)(i + 1), argv[2][i], rows);

  struct rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  const double start = now();
  must(SQLExecDirect(statement, (SQLCHAR*)argv[4], SQL_NTS), SQL_HANDLE_STMT, statement);
  unsigned long all = 0;
  SQLRETURN result;
  while ((result = SQLFetch(statement)) != SQL_NO_DATA) {
    must(result, SQL_HANDLE_STMT, statement);
    all += fetched;
  }
  const double seconds = now() - start;
  getrusage(RUSAGE_SELF, &after);
  printf("%lu %f %f %ld\n", all, seconds, cpu(&after) - cpu(&before), after.ru_maxrss);
  return 0;
}
