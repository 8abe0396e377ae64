/* SPDX-License-Identifier: EUPL-1.2 */
/* A shared object that is no adapter. */
__attribute__((visibility("default"))) int something_else(void);

int something_else(void)
{
    return 1;
}
