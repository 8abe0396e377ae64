/* SPDX-License-Identifier: EUPL-1.2 */
/* A folder under /tmp for one test. Ends the program when it cannot be made. */
#ifndef CORV_TESTS_SUPPORT_TEST_FOLDER_H
#define CORV_TESTS_SUPPORT_TEST_FOLDER_H

#define TEST_FOLDER 64

/* "/tmp/corv-WHAT-" and six letters, mode 0700. Returns out. */
char *test_folder_new(char out[TEST_FOLDER], const char *what);
void test_folder_remove(const char *path); /* with all in it; links are not followed */

#endif
