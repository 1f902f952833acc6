// The commands: options in, exit code out. One file each.
#pragma once

#include "cli/arguments.hpp"

namespace penstock::host {

int validate_command(const Arguments& arguments);
int plan_command(const Arguments& arguments);
int apply_command(const Arguments& arguments);
int run_command(const Arguments& arguments);
int materialize_command(const Arguments& arguments);
int status_command(const Arguments& arguments);
int history_command(const Arguments& arguments);
int get_command(const Arguments& arguments);
int plugins_list_command(const Arguments& arguments);
int plugins_info_command(const Arguments& arguments);
int plugins_schema_command(const Arguments& arguments);
int plugins_check_command(const Arguments& arguments);
int plugins_new_command(const Arguments& arguments);
int completion_command(const Arguments& arguments);

}  // namespace penstock::host
