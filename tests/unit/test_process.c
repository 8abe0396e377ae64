/* SPDX-License-Identifier: EUPL-1.2 */
/* The adapter process: a child that is well, and children that are not (tests/abi/crashes.c). */
#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include "tests/abi/rig.h"

#define RUNNER CORV_BUILD_DIR "/corv-adapter-run"
#define MANY   12

static char dir[64];

static void open_process(
    struct rig *rig, const char *library, const struct corv_host_setting *more, unsigned n)
{
    char path[128];
    struct corv_host_setting s[12] = {{"process.runner", RUNNER},
        {"process.restart_first_ms", "20"}, {"process.restart_max_ms", "200"}};
    struct corv_fault f;

    s[3] = (struct corv_host_setting){"process.library",
        strncmp(library, "builtin:", 8) == 0 ? library : rig_place(dir, library, path)};
    for (unsigned i = 0; i < n; i++)
        s[4 + i] = more[i];
    rig_open(rig);
    assert_int_equal(rig_add(rig, "loopback", "builtin:loopback", NULL, 0, &f), CORV_OK);
    if (rig_add(rig, "crashes", "builtin:process", s, 4 + n, &f) != CORV_OK)
        fail_msg("%s: %s", f.code, f.text);
}

static uint64_t counted(struct rig *rig, const char *what)
{
    const struct corv_host_count *counts;
    struct corv_host_stats stats;
    const char *name;
    unsigned used;

    for (unsigned i = 0; (name = corv_hosts_at(rig->hosts, i, &stats, &counts, &used)); i++)
        for (unsigned k = 0; strcmp(name, "crashes") == 0 && k < used; k++)
            if (strcmp(counts[k].what, what) == 0)
                return counts[k].n;
    return 0;
}

static bool until_counted(struct rig *rig, const char *what, uint64_t least)
{
    for (int i = 0; i < 500 && counted(rig, what) < least; i++)
        rig_turn(rig, 20);
    return counted(rig, what) >= least;
}

/* ---- a child that is well ------------------------------------------------------------------- */

static void a_message_goes_through(void **state)
{
    static char big[5 << 20];
    struct result r = {0};
    struct rig rig;

    (void)state;
    memset(big, 'x', sizeof big);
    open_process(&rig, "crashes", NULL, 0);
    rig_deliver(&rig, "crashes", "ok", &r);
    assert_int_equal(r.outcome.cls, CORV_DELIVERED);
    assert_string_equal(r.outcome.code, "abi.ok");
    assert_string_equal(r.outcome.text, "Gebracht.");
    assert_string_equal(r.receipt, "<bericht/>");
    const struct corv_outgoing_spec spec = rig_spec("ok", corv_view_of(big, sizeof big));

    assert_int_equal(rig_send(&rig, "crashes", &spec, 20000, &r), CORV_OK);
    assert_true(rig_until(&rig, &r.dones, 2, 30000));
    assert_int_equal(r.receipt_bytes, 8192); /* bounded, as inside */
    assert_int_equal(r.outcome.cls, CORV_DELIVERED);
    rig_close(&rig, 5000);
    assert_int_equal(r.releases, 2);
}

/* What the contract asks of an adapter is asked of it in the child as well, by the same host. */
static void breaches_are_named(void **state)
{
    struct result r = {0};
    struct rig rig;

    (void)state;
    open_process(&rig, "crashes", NULL, 0);
    rig_deliver(&rig, "crashes", "twice", &r);
    assert_int_equal(r.outcome.cls, CORV_DELIVERED);
    for (int i = 0; i < 200 && !rig_logged(&rig, "host.twice", "\"adapter\":\"crashes\""); i++)
        rig_turn(&rig, 20);
    assert_true(rig_logged(&rig, "host.twice", "\"adapter\":\"crashes\""));
    rig_close(&rig, 5000);
}

static void a_built_in_can_be_put_outside(void **state)
{
    const struct corv_host_setting s[] = {{"behaviour", "refuse"}};
    struct result r = {0};
    struct rig rig;

    (void)state;
    open_process(&rig, "builtin:loopback", s, 1);
    rig_deliver(&rig, "crashes", "x", &r);
    assert_string_equal(r.outcome.code, "loopback.refused");
    rig_close(&rig, 5000);
}

static void a_deadline_is_kept(void **state)
{
    struct result r = {0};
    struct rig rig;
    const struct corv_outgoing_spec spec = rig_spec("keep", corv_view_str("x"));

    (void)state;
    open_process(&rig, "crashes", NULL, 0);
    rig_deliver(&rig, "crashes", "ok", &r);
    assert_int_equal(rig_send(&rig, "crashes", &spec, 100, &r), CORV_OK);
    assert_true(rig_until(&rig, &r.dones, 2, 10000));
    assert_string_equal(r.outcome.code, "deliver.timeout");
    assert_true(rig_until(&rig, &r.releases, 2, 500)); /* nothing of ours is in its hands */
    assert_true(until_counted(&rig, "strays", 1));     /* its own answer, late: counted */
    rig_close(&rig, 5000);
}

/* ---- limits --------------------------------------------------------------------------------- */

/* Of every descriptor the daemon has, only the socket is the child's. */
static void a_child_has_little(void **state)
{
    const struct corv_host_setting s[] = {{"process.files", "32"}};
    struct result r = {0};
    struct rig rig;
    int ours[64];

    (void)state;
    for (size_t i = 0; i < 64; i++)
        ours[i] = dup(STDERR_FILENO); /* without close-on-exec */
    open_process(&rig, "crashes", s, 1);
    for (size_t i = 0; i < 64; i++)
        (void)close(ours[i]);
    rig_deliver(&rig, "crashes", "files", &r);
    assert_string_equal(r.outcome.code, "abi.few-files");
    rig_close(&rig, 5000);
}

static void the_runner_by_hand_says_what_it_is(void **state)
{
    FILE *run = popen(RUNNER " 3<&- 2>&1", "r");
    char text[400] = "";

    (void)state;
    assert_non_null(run);
    size_t n = fread(text, 1, sizeof text - 1, run);

    text[n] = '\0';
    assert_int_equal(pclose(run), 64 << 8);
    assert_non_null(strstr(text, "builtin:process"));
}

/* ---- deaths --------------------------------------------------------------------------------- */

static const struct {
    const char *how;
    const char *code;
} deaths[] = {
    {"segfault", "process.crashed"}, {"abort", "process.crashed"}, {"exit", "process.ended"}};

static void a_death_is_one_later_and_a_new_child(void **state)
{
    struct rig rig;

    (void)state;
    open_process(&rig, "crashes", NULL, 0);
    for (size_t i = 0; i < sizeof deaths / sizeof deaths[0]; i++) {
        struct result r = {0};
        struct corv_outgoing_spec spec = rig_spec(deaths[i].how, corv_view_str("x"));
        char id[40];

        (void)snprintf(id, sizeof id, "0190b4a2-0000-7000-8000-0000000001%02zu", i);
        spec.delivery_id = id;
        assert_int_equal(rig_send(&rig, "crashes", &spec, 20000, &r), CORV_OK);
        assert_true(rig_until(&rig, &r.dones, 1, 30000));
        assert_int_equal(r.outcome.cls, CORV_LATER);
        assert_string_equal(r.outcome.code, "process.died");
        assert_true(rig_logged(&rig, deaths[i].code, "\"adapter\":\"crashes\""));
        assert_int_equal(counted(&rig, "deaths"), i + 1);
        rig_deliver(&rig, "crashes", "ok", &r); /* waits for the new child */
        assert_string_equal(r.outcome.code, "abi.ok");
        rig_deliver(&rig, "loopback", "loopback:ok", &r);
        assert_int_equal(r.outcome.cls, CORV_DELIVERED);
    }
    rig_close(&rig, 5000);
}

/* One message that kills every child: the others arrive, this one is set aside. */
static void the_one_that_kills_is_found(void **state)
{
    static struct result r[MANY];
    char ids[MANY][40];
    struct rig rig;
    unsigned tries[MANY] = {0};

    (void)state;
    memset(r, 0, sizeof r);
    open_process(&rig, "crashes", NULL, 0);
    for (unsigned round = 0; round < 12; round++)
        for (unsigned i = 0; i < MANY; i++) {
            struct corv_outgoing_spec spec =
                rig_spec(i == 5 ? "segfault" : "ok", corv_view_str("x"));

            if (r[i].dones > 0 && r[i].outcome.cls != CORV_LATER)
                continue;
            if (r[i].dones < tries[i])
                assert_true(rig_until(&rig, &r[i].dones, tries[i], 30000));
            if (r[i].dones > 0 && r[i].outcome.cls != CORV_LATER)
                continue;
            (void)snprintf(ids[i], sizeof ids[i], "0190b4a2-0000-7000-8000-0000000002%02u", i);
            spec.delivery_id = ids[i];
            spec.attempt = ++tries[i];
            assert_int_equal(rig_send(&rig, "crashes", &spec, 60000, &r[i]), CORV_OK);
        }
    for (unsigned i = 0; i < MANY; i++) {
        assert_true(rig_until(&rig, &r[i].dones, tries[i], 30000));
        if (i == 5) {
            assert_int_equal(r[i].outcome.cls, CORV_UNREADABLE);
            assert_string_equal(r[i].outcome.code, "process.poison");
        } else {
            assert_int_equal(r[i].outcome.cls, CORV_DELIVERED);
        }
    }
    assert_true(tries[5] >= 3 && tries[5] <= 5);
    assert_int_equal(counted(&rig, "poison"), 1);
    assert_true(rig_logged(&rig, "process.poison", "\"adapter\":\"crashes\""));
    rig_close(&rig, 5000);
}

static void a_child_that_hangs_is_killed(void **state)
{
    const struct corv_host_setting s[] = {{"process.hang_seconds", "1"}};
    struct result r = {0};
    struct rig rig;
    const struct corv_outgoing_spec spec = rig_spec("hang", corv_view_str("x"));

    (void)state;
    open_process(&rig, "crashes", s, 1);
    rig_deliver(&rig, "crashes", "ok", &r);
    assert_int_equal(rig_send(&rig, "crashes", &spec, 60000, &r), CORV_OK);
    assert_true(rig_until(&rig, &r.dones, 2, 30000));
    assert_string_equal(r.outcome.code, "process.died");
    assert_true(rig_logged(&rig, "process.hung", "\"adapter\":\"crashes\""));
    rig_deliver(&rig, "crashes", "ok", &r);
    assert_string_equal(r.outcome.code, "abi.ok");
    rig_close(&rig, 5000);
}

/* The number that "fork-…" wrote, or 0. */
static int started_one(const char *file)
{
    FILE *f = fopen(file, "r");
    char line[128];
    long pid = 0;

    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "started ", 8) == 0)
            pid = strtol(line + 8, NULL, 10);
    if (f)
        (void)fclose(f);
    return (int)pid;
}

/* One that ended may still wait for whoever has to reap it. */
static bool lives(int pid)
{
    char path[32];
    char state = 'X';
    FILE *f;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
    f = fopen(path, "r");
    if (f && fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
        state = 'X';
    if (f)
        (void)fclose(f);
    return state != 'X' && state != 'Z';
}

/* Whether it falls over, hangs until it is killed, ends by itself, or leaves when it is told to. */
static void what_a_child_began_ends_with_it(void **state)
{
    static const char *const hows[] = {"fork-segfault", "fork-hang", "fork-exit", "fork-ok"};
    char file[96];
    const struct corv_host_setting s[] = {{"file", file}, {"process.hang_seconds", "1"}};

    (void)state;
    (void)snprintf(file, sizeof file, "%s/begonnen", dir);
    for (size_t i = 0; i < sizeof hows / sizeof hows[0]; i++) {
        const struct corv_outgoing_spec spec = rig_spec(hows[i], corv_view_str("x"));
        struct result r = {0};
        struct rig rig;
        int pid;

        open_process(&rig, "crashes", s, 2);
        assert_int_equal(rig_send(&rig, "crashes", &spec, 20000, &r), CORV_OK);
        assert_true(rig_until(&rig, &r.dones, 1, 30000));
        pid = started_one(file);
        assert_int_not_equal(pid, 0);
        rig_close(&rig, 5000);
        for (int k = 0; k < 100 && lives(pid); k++)
            (void)usleep(20000);
        if (lives(pid)) {
            (void)kill(pid, SIGKILL);
            fail_msg("%s: what it began is still there", hows[i]);
        }
        assert_int_equal(unlink(file), 0);
    }
}

static void closing_kills_what_does_not_go(void **state)
{
    struct result r = {0};
    struct rig rig;
    const struct corv_outgoing_spec spec = rig_spec("hang", corv_view_str("x"));

    (void)state;
    open_process(&rig, "crashes", NULL, 0);
    rig_deliver(&rig, "crashes", "ok", &r);
    assert_int_equal(rig_send(&rig, "crashes", &spec, 60000, &r), CORV_OK);
    corv_hosts_close(rig.hosts, 100, rig_closed, &rig);
    (void)uv_run(&rig.loop, UV_RUN_DEFAULT);
    assert_int_equal(r.dones, 2);
    assert_int_equal(r.releases, 2);
    assert_true(rig_logged(&rig, "process.slow-stop", "\"adapter\":\"crashes\""));
    rig.hosts = NULL;
    rig_close(&rig, 0);
}

/* ---- a hostile child ------------------------------------------------------------------------ */

#define NOTE                                                                                       \
    "\\020\\000\\000\\000E\\000\\000\\000\\002\\000\\000\\000\\004\\000\\000\\000a."               \
    "b\\000\\000\\000\\000\\000"

#define READY  "\\004\\000\\000\\000A\\000\\000\\000\\001\\000\\000\\000"
#define PONG_1 "\\004\\000\\000\\000G\\000\\000\\000\\001\\000\\000\\000"
/* its adapter does not start; it takes no new settings while it runs */
#define FAILED                                                                                     \
    "\\016\\000\\000\\000B\\000\\000\\000\\004\\000\\000\\000a.b"                                  \
    "\\000\\002\\000\\000\\000x\\000"
#define RENEW "\\010\\000\\000\\000F\\000\\000\\000\\001\\000\\000\\000\\000\\000\\000\\000"
/* a message without a byte, from 00000001123456789000 */
#define OFFER                                                                                      \
    "\\065\\000\\000\\000D\\000\\000\\000\\001\\000\\000\\000\\000\\000\\000\\000"                 \
    "\\000\\000\\000\\000\\000\\000\\000\\000\\025\\000\\000\\00000000001123456789000"             \
    "\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000"

static const struct {
    const char *name;
    const char *script;
    const char *code; /* what it is found out by */
} hostile[] = {
    {"brabbel", "printf 'onzin, geen enkel frame' >&3; exec sleep 60", "process.protocol"},
    {"vroeg", "printf '\\004\\000\\000\\000G\\000\\000\\000aaaa' >&3; exec sleep 60",
        "process.protocol"},
    {"stil", "exec 3>&- sleep 60", "process.hung"},
    {"praat", "while :; do printf '" NOTE "'; done >&3", "process.hung"},
    {"weg", "exit 3", "process.ended"},
    {"klaagt", "while :; do printf '" FAILED "'; done >&3", "process.protocol"},
    {"nieuw", "printf '" READY RENEW "' >&3; exec sleep 60", "process.protocol"},
    {"raadt", "printf '" READY "' >&3; while :; do printf '" PONG_1 "'; sleep 0.1; done >&3",
        "process.hung"},
    {"doof", "printf '" READY "' >&3; while :; do printf '" OFFER OFFER OFFER OFFER "'; done >&3",
        "process.deaf"},
};

static void write_script(size_t i, char path[128])
{
    (void)snprintf(path, 128, "%s/%s", dir, hostile[i].name);
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    (void)fprintf(f, "#!/bin/sh\n%s\n", hostile[i].script);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0700), 0);
}

/* Whatever it says, it is named and killed, and the others go on. */
static void a_hostile_child_gets_nowhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        char path[128];
        const struct corv_host_setting s[] = {
            {"process.runner", path}, {"process.library", "/x.so"}, {"process.hang_seconds", "1"}};
        struct result r = {0};
        struct corv_fault f;
        struct rig rig;

        write_script(i, path);
        rig_open(&rig);
        assert_int_equal(rig_add(&rig, "loopback", "builtin:loopback", NULL, 0, &f), CORV_OK);
        assert_int_equal(rig_add(&rig, "crashes", "builtin:process", s, 3, &f), CORV_OK);
        for (unsigned n = 0; n < 100 && !rig_logged(&rig, hostile[i].code, "crashes"); n++) {
            rig_deliver(&rig, "loopback", "loopback:ok", &r);
            assert_int_equal(r.outcome.cls, CORV_DELIVERED);
            rig_turn(&rig, 50);
        }
        assert_true(rig_logged(&rig, hostile[i].code, "\"adapter\":\"crashes\""));
        if (strcmp(hostile[i].name, "praat") == 0)
            assert_true(counted(&rig, "notes_dropped") > 0);
        rig_close(&rig, 1000);
    }
}

/* ---- settings ------------------------------------------------------------------------------- */

static void a_child_that_says_no_is_asked_again(void **state)
{
    const struct corv_host_setting bad[] = {{"secret", "fout"}};
    char path[128];
    struct corv_host_setting s[] = {{"process.runner", RUNNER}, {"process.library", NULL},
        {"process.restart_first_ms", "20"}, {"secret", "goed"}};
    struct corv_host_entry e = {
        .name = "crashes", .library = "builtin:process", .settings = s, .settings_count = 4};
    struct corv_fault f = {0};
    struct result r = {0};
    struct rig rig;

    (void)state;
    s[1].value = rig_place(dir, "crashes", path);
    open_process(&rig, "crashes", bad, 1);
    assert_true(until_counted(&rig, "refused_starts", 3));
    assert_true(rig_logged(&rig, "adapter.check", "het geheim is verkeerd"));
    assert_int_equal(corv_hosts_reconfigure(rig.hosts, &e, &f), CORV_OK);
    rig_deliver(&rig, "crashes", "ok", &r);
    assert_string_equal(r.outcome.code, "abi.ok");
    rig_close(&rig, 5000);
}

/* The adapter takes no new settings while it runs, so another child gets them; what was under way
 * ends first. */
static void new_settings_come_with_a_new_child(void **state)
{
    char path[128];
    char file[128];
    struct corv_host_setting s[] = {
        {"process.runner", RUNNER}, {"process.library", NULL}, {"file", file}};
    struct corv_host_entry e = {
        .name = "crashes", .library = "builtin:process", .settings = s, .settings_count = 3};
    struct corv_fault f = {0};
    struct result r = {0};
    struct rig rig;

    (void)state;
    (void)snprintf(file, sizeof file, "%s/nieuw", dir);
    s[1].value = rig_place(dir, "crashes", path);
    open_process(&rig, "crashes", NULL, 0);
    rig_deliver(&rig, "crashes", "ok", &r);
    assert_int_equal(corv_hosts_reconfigure(rig.hosts, &e, &f), CORV_OK);
    assert_true(until_counted(&rig, "restarts", 1));
    rig_deliver(&rig, "crashes", "ok", &r);
    assert_string_equal(r.outcome.code, "abi.ok");
    assert_int_equal(access(file, F_OK), 0);
    assert_int_equal(counted(&rig, "deaths"), 0);
    rig_close(&rig, 5000);
}

static const struct {
    const char *key;
    const char *value;
    const char *says;
} wrong[] = {
    {"process.library", "adapters/x.so", "volledige paden"},
    {"process.library", "builtin:process", "volledige paden"},
    {"process.hang_seconds", "0", "process.hang_seconds moet van 1"},
    {"process.color", "rood", "process.color is geen instelling"},
};

static void settings_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const struct corv_host_setting s[] = {
            {wrong[i].key, wrong[i].value}, {"process.library", "/x.so"}};
        const struct corv_host_entry e = {.name = "x",
            .library = "builtin:process",
            .settings = s,
            .settings_count = strcmp(wrong[i].key, "process.library") == 0 ? 1 : 2};
        struct corv_fault f = {0};

        assert_int_equal(corv_hosts_check(&e, &f), CORV_E_INVALID);
        if (!strstr(f.text, wrong[i].says))
            fail_msg("%s", f.text);
    }
}

static void a_runner_that_is_not_there_is_named(void **state)
{
    const struct corv_host_setting s[] = {
        {"process.library", "/x.so"}, {"process.runner", "/bestaat/niet"}};
    struct corv_fault f;
    struct rig rig;

    (void)state;
    rig_open(&rig);
    assert_int_equal(rig_add(&rig, "x", "builtin:process", s, 2, &f), CORV_E_INVALID);
    assert_string_equal(f.code, "adapter.start");
    assert_true(rig_logged(&rig, "process.spawn", "/bestaat/niet"));
    rig_close(&rig, 100);
}

static int make_dir(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/corv-process-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    char path[400];

    (void)state;
    while (d && (e = readdir(d)) != NULL) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        (void)unlink(path);
    }
    if (d)
        (void)closedir(d);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_goes_through),
        cmocka_unit_test(breaches_are_named),
        cmocka_unit_test(a_built_in_can_be_put_outside),
        cmocka_unit_test(a_deadline_is_kept),
        cmocka_unit_test(a_child_has_little),
        cmocka_unit_test(the_runner_by_hand_says_what_it_is),
        cmocka_unit_test(a_death_is_one_later_and_a_new_child),
        cmocka_unit_test(the_one_that_kills_is_found),
        cmocka_unit_test(a_child_that_hangs_is_killed),
        cmocka_unit_test(closing_kills_what_does_not_go),
        cmocka_unit_test(what_a_child_began_ends_with_it),
        cmocka_unit_test(a_hostile_child_gets_nowhere),
        cmocka_unit_test(a_child_that_says_no_is_asked_again),
        cmocka_unit_test(new_settings_come_with_a_new_child),
        cmocka_unit_test(settings_are_judged),
        cmocka_unit_test(a_runner_that_is_not_there_is_named),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
