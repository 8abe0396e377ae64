/* SPDX-License-Identifier: EUPL-1.2 */
/* The adapter dropdir through the host; the test plays the daemon and the application. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "tests/abi/rig.h"

#define ID "0190b4a2-0000-7000-8000-0000000000aa"

struct chain {
    struct rig rig;
    char folder[64];
    uint32_t cls; /* what to answer; 0: not now */
    unsigned offers;
    uint64_t numbers[16];
    char bytes[16][32];
    char party[32];
    uv_idle_t idle;
    unsigned answered;
    bool hold; /* answer nothing */
};

static void answer(struct chain *c, uint64_t number)
{
    bool no = c->cls > CORV_INCOMING_REPEAT;
    struct corv_findings found;
    struct corv_host_answer a = {.pub = {.cls = c->cls,
                                     .status = no ? 422 : 202,
                                     .message_id = ID,
                                     .code = no ? "schema.enumeration" : "",
                                     .stuf_code = no ? "StUF055" : "",
                                     .title = no ? "Niet goed" : "",
                                     .text = no ? "Een \"waarde\" klopt niet." : "",
                                     .next = no ? "Verbeter het bericht." : "",
                                     .kind = "vtoDi01",
                                     .zender = {"", "", "", ""},
                                     .ontvanger = {"", "", "", ""},
                                     .referentienummer = "r\\1",
                                     .crossrefnummer = "",
                                     .tijdstip = ""},
        .lists = {&found, NULL}};

    corv_findings_init(&found);
    if (no)
        corv_findings_addf(&found, CORV_LAYER_SCHEMA, CORV_ACT_BEHANDELAAR, "schema.enumeration", 7,
            "/JZ:vtoDi01", "Een waarde staat niet in de lijst.");
    corv_hosts_answer(c->rig.hosts, number, &a);
    corv_findings_free(&found);
}

static void answer_all(uv_idle_t *idle)
{
    struct chain *c = idle->data;

    while (!c->hold && c->answered < c->offers)
        answer(c, c->numbers[c->answered++]);
    (void)uv_idle_stop(idle);
}

static bool take(void *ctx, uint64_t offer, const struct corv_host_incoming *in)
{
    struct chain *c = ctx;

    if (c->cls == 0)
        return false;
    assert_true(c->offers < 16);
    (void)snprintf(c->bytes[c->offers], 32, "%.*s", (int)in->bytes.n, in->bytes.p);
    (void)snprintf(c->party, sizeof c->party, "%s", in->party);
    assert_null(in->oin);
    assert_string_equal(in->peer, "dropdir");
    c->numbers[c->offers++] = offer;
    (void)uv_idle_start(&c->idle, answer_all);
    return true;
}

static void chain_begin(struct chain *c, const char *poll, const char *max)
{
    const struct corv_host_setting settings[] = {{"in", c->folder}, {"sender", "lelystad"},
        {"poll_ms", poll}, {"max_bytes", max}, {"at_once", "2"}, {"keep_hours", "1"}};
    struct corv_fault f;

    rig_open(&c->rig);
    assert_int_equal(uv_idle_init(&c->rig.loop, &c->idle), 0);
    c->idle.data = c;
    c->offers = c->answered = 0;
    corv_hosts_on_offer(c->rig.hosts, take, c);
    if (rig_add(&c->rig, "dropdir", "builtin:dropdir", settings, 6, &f) != CORV_OK)
        fail_msg("%s", f.text);
}

static void chain_open(struct chain *c)
{
    *c = (struct chain){.folder = "/tmp/corv-drop-XXXXXX", .cls = CORV_INCOMING_ACCEPTED};
    assert_non_null(mkdtemp(c->folder));
    chain_begin(c, "50", "1000");
}

static void chain_end(struct chain *c)
{
    corv_hosts_close(c->rig.hosts, 2000, rig_closed, &c->rig);
    c->rig.hosts = NULL;
    while (!c->rig.closed)
        (void)uv_run(&c->rig.loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&c->idle, NULL);
    rig_close(&c->rig, 0);
}

/* ---- the application --------------------------------------------------------------------------
 */

static char *path_of(const struct chain *c, const char *name)
{
    static char path[8][256];
    static unsigned at;
    char *p = path[at++ % 8];

    (void)snprintf(p, sizeof path[0], "%s/%s", c->folder, name);
    return p;
}

static void drop(const struct chain *c, const char *name, const char *text)
{
    FILE *file = fopen(path_of(c, ".new"), "w");

    assert_non_null(file);
    (void)fputs(text, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(path_of(c, ".new"), path_of(c, name)), 0);
}

static bool there(const struct chain *c, const char *name)
{
    return access(path_of(c, name), F_OK) == 0;
}

static void wait_for(struct chain *c, const char *name)
{
    for (int i = 0; i < 1000 && !there(c, name); i++)
        rig_turn(&c->rig, 10);
    if (!there(c, name))
        fail_msg("%s did not come", name);
}

static const char *read_file(const struct chain *c, const char *name)
{
    static char text[4096];
    FILE *file = fopen(path_of(c, name), "r");
    size_t n;

    if (!file)
        fail_msg("no %s", name);
    n = fread(text, 1, sizeof text - 1, file);
    text[n] = '\0';
    (void)fclose(file);
    return text;
}

static unsigned count(const struct chain *c, const char *name)
{
    DIR *dir = opendir(path_of(c, name));
    unsigned n = 0;

    assert_non_null(dir);
    for (const struct dirent *e = readdir(dir); e; e = readdir(dir))
        n += e->d_name[0] != '.';
    (void)closedir(dir);
    return n;
}

static void remove_tree(const struct chain *c)
{
    static const char *const folders[] = {"work", "done", "refused", "tmp", "."};

    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        DIR *dir = opendir(path_of(c, folders[i]));

        for (const struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
            char path[600];

            (void)snprintf(path, sizeof path, "%s/%s", path_of(c, folders[i]), e->d_name);
            (void)unlink(path);
        }
        if (dir)
            (void)closedir(dir);
        (void)rmdir(path_of(c, folders[i]));
    }
    (void)rmdir(c->folder); /* "." cannot be */
    assert_int_equal(access(c->folder, F_OK), -1);
}

static void chain_close(struct chain *c)
{
    chain_end(c);
    remove_tree(c);
}

/* ---- in ---------------------------------------------------------------------------------------
 */

static void a_file_is_taken_and_answered_beside_it(void **state)
{
    struct chain c;

    (void)state;
    chain_open(&c);
    drop(&c, "brief.xml", "<a/>");
    drop(&c, "brief.xml.part", "<half");
    drop(&c, ".verborgen.xml", "<b/>");
    assert_int_equal(mkdir(path_of(&c, "map.xml"), 0700), 0);
    wait_for(&c, "done/brief.xml");
    assert_string_equal(read_file(&c, "done/brief.xml"), "<a/>");
    assert_string_equal(read_file(&c, "done/brief.txt"),
        "Het bericht is aangenomen.\n\nNummer: " ID "\nSoort: vtoDi01\n");
    assert_string_equal(read_file(&c, "done/brief.json"),
        "{\"status\":202,\"result\":\"accepted\",\"id\":\"" ID
        "\",\"kind\":\"vtoDi01\",\"referentienummer\":\"r\\\\1\",\"findings\":[],"
        "\"notShown\":0}\n");
    assert_string_equal(c.bytes[0], "<a/>");
    assert_string_equal(c.party, "lelystad");
    assert_int_equal(c.offers, 1);
    assert_int_equal(count(&c, "work"), 0);
    assert_true(there(&c, "brief.xml.part"));
    assert_int_equal(rmdir(path_of(&c, "map.xml")), 0);
    chain_close(&c);
}

static void a_refused_file_tells_everything(void **state)
{
    const char *text;
    struct chain c;

    (void)state;
    chain_open(&c);
    c.cls = CORV_INCOMING_REFUSED;
    drop(&c, "fout.xml", "<a/>");
    wait_for(&c, "refused/fout.xml");
    assert_string_equal(read_file(&c, "refused/fout.txt"),
        "Het bericht is niet aangenomen.\n\nNiet goed. Een \"waarde\" klopt niet.\n"
        "Verbeter het bericht.\n\nCode: schema.enumeration\n"
        "\n1. Een waarde staat niet in de lijst.\n   Code: schema.enumeration. Actie: behandelaar. "
        "Plaats: /JZ:vtoDi01. Regel: 7.\n");
    text = read_file(&c, "refused/fout.json");
    assert_non_null(strstr(text, "\"detail\":\"Een \\\"waarde\\\" klopt niet.\""));
    assert_non_null(strstr(text, "\"path\":\"/JZ:vtoDi01\",\"line\":7}]"));
    assert_int_equal(count(&c, "done"), 0);
    chain_close(&c);
}

static void one_name_again_gets_a_number(void **state)
{
    struct chain c;

    (void)state;
    chain_open(&c);
    drop(&c, "x.xml", "<a/>");
    wait_for(&c, "done/x.xml");
    c.cls = CORV_INCOMING_REPEAT;
    drop(&c, "x.xml", "<b/>");
    wait_for(&c, "done/x~2.xml");
    assert_string_equal(read_file(&c, "done/x~2.xml"), "<b/>");
    assert_non_null(strstr(read_file(&c, "done/x~2.txt"), "Dit bericht was al aangenomen."));
    assert_string_equal(read_file(&c, "done/x.xml"), "<a/>");
    chain_close(&c);
}

static void many_files_a_few_at_a_time_oldest_first(void **state)
{
    char name[32];
    struct chain c;

    (void)state;
    chain_open(&c);
    c.hold = true;
    for (int i = 0; i < 9; i++) {
        const struct timespec when[2] = {{0, UTIME_OMIT}, {1700000000 + 9 - i, 0}};

        (void)snprintf(name, sizeof name, "b%d.xml", i);
        drop(&c, name, name);
        assert_int_equal(utimensat(AT_FDCWD, path_of(&c, name), when, 0), 0);
    }
    assert_true(rig_until(&c.rig, &c.offers, 2, 10000));
    rig_turn(&c.rig, 200);
    assert_int_equal(c.offers, 2); /* at_once */
    assert_int_equal(count(&c, "work"), 2);
    assert_string_equal(c.bytes[0], "b8.xml");
    assert_string_equal(c.bytes[1], "b7.xml");
    c.hold = false;
    answer_all(&c.idle);
    for (int i = 0; i < 9; i++) {
        (void)snprintf(name, sizeof name, "done/b%d.xml", i);
        wait_for(&c, name);
    }
    assert_int_equal(c.offers, 9);
    chain_close(&c);
}

static void not_now_waits_in_work_and_goes_on_when_woken(void **state)
{
    struct chain c;

    (void)state;
    chain_open(&c);
    c.cls = 0;
    drop(&c, "x.xml", "<a/>");
    wait_for(&c, "work/x.xml");
    rig_turn(&c.rig, 200);
    assert_true(rig_stats(&c.rig, "dropdir").not_now <= 2); /* it does not keep asking */
    c.cls = CORV_INCOMING_ACCEPTED;
    corv_hosts_room(c.rig.hosts);
    wait_for(&c, "done/x.xml");
    chain_close(&c);
}

static void unavailable_is_tried_again(void **state)
{
    struct chain c;

    (void)state;
    chain_open(&c);
    c.cls = CORV_INCOMING_UNAVAILABLE;
    drop(&c, "x.xml", "<a/>");
    assert_true(rig_until(&c.rig, &c.offers, 1, 10000));
    rig_turn(&c.rig, 100);
    c.cls = CORV_INCOMING_ACCEPTED;
    corv_clock_shift_us(60000000); /* its time has come */
    wait_for(&c, "done/x.xml");
    corv_clock_shift_us(0);
    assert_int_equal(c.offers, 2);
    chain_close(&c);
}

static void what_was_under_way_is_offered_again(void **state)
{
    struct chain c;

    (void)state;
    chain_open(&c);
    c.hold = true;
    drop(&c, "a.xml", "<a/>");
    drop(&c, "b.xml", "<b/>");
    drop(&c, "c.xml", "<c/>");
    assert_true(rig_until(&c.rig, &c.offers, 2, 10000));
    chain_end(&c); /* as if it died: nothing was answered */
    assert_int_equal(count(&c, "work"), 2);
    assert_true(count(&c, ".") >= 3); /* one file, and the folders */
    c.hold = false;
    chain_begin(&c, "50", "1000");
    wait_for(&c, "done/a.xml");
    wait_for(&c, "done/b.xml");
    wait_for(&c, "done/c.xml");
    assert_int_equal(c.offers, 3);
    chain_close(&c);
}

static void too_large_is_refused_without_reading(void **state)
{
    char big[1002];
    struct chain c;

    (void)state;
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    chain_open(&c);
    drop(&c, "groot.xml", big);
    wait_for(&c, "refused/groot.xml");
    assert_non_null(strstr(read_file(&c, "refused/groot.txt"), "security.size"));
    assert_int_equal(c.offers, 0);
    chain_close(&c);
}

static void a_link_is_not_followed(void **state)
{
    struct chain c;

    (void)state;
    chain_open(&c);
    assert_int_equal(symlink("/etc/passwd", path_of(&c, "x.xml")), 0);
    drop(&c, "y.xml", "<a/>");
    wait_for(&c, "done/y.xml");
    assert_int_equal(c.offers, 1);
    assert_true(there(&c, "x.xml"));
    chain_close(&c);
}

static void two_on_one_folder_is_refused(void **state)
{
    struct corv_fault f;
    struct chain c;

    (void)state;
    chain_open(&c);
    const struct corv_host_setting settings[] = {{"in", c.folder}, {"sender", "x"}};

    assert_int_equal(
        rig_add(&c.rig, "dropdir-two", "builtin:dropdir", settings, 2, &f), CORV_E_INVALID);
    assert_true(rig_logged_anywhere(&c.rig, "dropdir.in-use"));
    chain_close(&c);
}

static void settings_that_cannot_be(void **state)
{
    static const struct {
        struct corv_host_setting settings[2];
        const char *expected;
    } rows[] = {
        {{{"in", "/tmp"}, {"poll_ms", "100"}}, "bij in hoort sender"},
        {{{"in", "tmp"}, {"sender", "x"}}, "volledig pad"},
        {{{"sender", "x"}, {"poll_ms", "100"}}, "bij sender hoort in"},
        {{{"poll_ms", "10"}, {"at_once", "1"}}, "poll_ms moet tussen 50"},
        {{{"keep_hours", "25"}, {"at_once", "1"}}, "keep_hours moet tussen 0 en 24"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct corv_host_entry e = {.name = "dropdir",
            .library = "builtin:dropdir",
            .settings = rows[i].settings,
            .settings_count = 2};
        struct corv_fault f = {0};

        assert_int_equal(corv_hosts_check(&e, &f), CORV_E_INVALID);
        if (!strstr(f.text, rows[i].expected))
            fail_msg("%s", f.text);
    }
}

/* ---- out --------------------------------------------------------------------------------------
 */

static void a_message_appears_whole_under_its_number(void **state)
{
    struct result r = {0};
    struct chain c;

    (void)state;
    chain_open(&c);
    for (int i = 0; i < 2; i++) { /* the second one is a repeat */
        rig_deliver(&c.rig, "dropdir", c.folder, &r);
        assert_int_equal(r.outcome.cls, CORV_DELIVERED);
        assert_string_equal(r.outcome.code, "dropdir.written");
    }
    /* our own folder of the way in: the adapter takes the file as it would any other, whole */
    wait_for(&c, "done/0190b4a2-0000-7000-8000-000000000001.xml");
    assert_string_equal(
        read_file(&c, "done/0190b4a2-0000-7000-8000-000000000001.xml"), "<bericht/>");
    assert_int_equal(count(&c, "tmp"), 0);
    chain_close(&c);
}

static void a_folder_that_is_not_there_is_for_later(void **state)
{
    struct result r = {0};
    struct chain c;

    (void)state;
    chain_open(&c);
    rig_deliver(&c.rig, "dropdir", "/bestaat/niet", &r);
    assert_int_equal(r.outcome.cls, CORV_LATER);
    assert_string_equal(r.outcome.code, "dropdir.folder");
    rig_deliver(&c.rig, "dropdir", "hier", &r);
    assert_string_equal(r.outcome.code, "dropdir.address");
    rig_deliver(&c.rig, "dropdir", "/dev/null", &r);
    assert_string_equal(r.outcome.code, "dropdir.folder");
    assert_int_equal(symlink("/tmp", path_of(&c, "tmp")), 0); /* nobody leads us elsewhere */
    rig_deliver(&c.rig, "dropdir", c.folder, &r);
    assert_int_equal(r.outcome.cls, CORV_LATER);
    assert_int_equal(r.dones, 4);
    assert_int_equal(unlink(path_of(&c, "tmp")), 0);
    chain_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_taken_and_answered_beside_it),
        cmocka_unit_test(a_refused_file_tells_everything),
        cmocka_unit_test(one_name_again_gets_a_number),
        cmocka_unit_test(many_files_a_few_at_a_time_oldest_first),
        cmocka_unit_test(not_now_waits_in_work_and_goes_on_when_woken),
        cmocka_unit_test(unavailable_is_tried_again),
        cmocka_unit_test(what_was_under_way_is_offered_again),
        cmocka_unit_test(too_large_is_refused_without_reading),
        cmocka_unit_test(a_link_is_not_followed),
        cmocka_unit_test(two_on_one_folder_is_refused),
        cmocka_unit_test(settings_that_cannot_be),
        cmocka_unit_test(a_message_appears_whole_under_its_number),
        cmocka_unit_test(a_folder_that_is_not_there_is_for_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
