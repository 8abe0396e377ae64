/* SPDX-License-Identifier: EUPL-1.2 */
/* Prints docs/settings.md, or with the word man docs/man/corvd.yaml.5; see print-settings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/settings.h"

int main(int argc, char **argv)
{
    struct corv_buf out;

    corv_buf_init(&out, 1u << 20);
    if (argc > 1 && strcmp(argv[1], "man") == 0)
        corv_settings_man(&out);
    else
        corv_settings_print(&out);

    struct corv_view text = corv_buf_view(&out);
    bool good = !out.failed && fwrite(text.p, 1, text.n, stdout) == text.n && fflush(stdout) == 0;

    corv_buf_free(&out);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
