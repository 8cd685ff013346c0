/* SPDX-License-Identifier: BSD-3-Clause */
/* Words to settings, and every rule that needs no device. */
#include "fake_host.h"
#include "reason.h"
#include "text.h"
#include "vf_settings.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

/* All blank-separated @words into @s. */
static void
read_words(struct vf_settings *s, const char *words)
{
	char copy[256], *rest = NULL;
	struct reason why;

	*s = (struct vf_settings){0};
	assert_true(strlen(words) < sizeof(copy));
	strcpy(copy, words);
	for (char *w = strtok_r(copy, " ", &rest); w != NULL; w = strtok_r(NULL, " ", &rest))
		if (vf_settings_word(s, w, &why) != 0)
			fail_msg("%s: %s", w, why.text);
}

static void
assert_text(const struct vf_settings *s, const char *expected)
{
	struct text text = TEXT_EMPTY;

	vf_settings_text(s, &text);
	assert_string_equal(text_str(&text), expected);
	text_fini(&text);
}

static void
assert_has(const struct reason *why, const char *part)
{
	if (strstr(why->text, part) == NULL)
		fail_msg("\"%s\" is not in: %s", part, why->text);
}

static void
words_become_values(void **unused)
{
	struct vf_settings s;

	(void)unused;
	read_words(
		&s,
		"max-tx-rate=2147483647 min_tx_rate=0x10 link-state=disable trust=on spoofchk=off"
		" proto=802.1AD qos=7 vlan=4094 mac=02-00-0a-0B-0c-1"
	);
	assert_memory_equal(s.mac, "\x02\0\x0a\x0b\x0c\x01", 6);
	assert_int_equal(s.vlan, 4094);
	assert_int_equal(s.qos, 7);
	assert_int_equal(s.proto, ETH_P_8021AD);
	assert_false(s.spoofchk);
	assert_true(s.trust);
	assert_int_equal(s.link_state, VF_LINK_DISABLE);
	assert_int_equal(s.min_tx_rate_mbps, 16);
	assert_int_equal(s.max_tx_rate_mbps, INT32_MAX);
	assert_int_equal(vf_settings_attrs(&s), (1u << VF_ATTR_COUNT) - 1);
	assert_text(
		&s,
		"mac=02:00:0a:0b:0c:01 vlan=4094 qos=7 proto=802.1ad spoofchk=off trust=on"
		" link-state=disable min-tx-rate=16 max-tx-rate=2147483647"
	);
}

static void
each_word_asks_for_one_attribute(void **unused)
{
	static const struct {
		const char *word;
		enum vf_attr attr;
	} cases[] = {
		{"mac=02:00:00:00:00:01", VF_ATTR_MAC},
		{"vlan=0", VF_ATTR_VLAN},
		{"qos=0", VF_ATTR_VLAN},
		{"proto=802.1Q", VF_ATTR_VLAN},
		{"spoofchk=off", VF_ATTR_SPOOFCHK},
		{"trust=off", VF_ATTR_TRUST},
		{"link-state=auto", VF_ATTR_LINK_STATE},
		{"link-state=enable", VF_ATTR_LINK_STATE},
		{"min-tx-rate=0", VF_ATTR_RATE},
		{"max-tx-rate=0", VF_ATTR_RATE},
	};
	struct vf_settings s = {0};

	(void)unused;
	assert_true(vf_settings_empty(&s));
	assert_text(&s, "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		read_words(&s, cases[i].word);
		assert_false(vf_settings_empty(&s));
		assert_int_equal(vf_settings_attrs(&s), 1u << cases[i].attr);
		/* What is written is what was read. */
		assert_text(&s, cases[i].word);
	}
}

static void
bad_values_are_refused_and_change_nothing(void **unused)
{
	static const struct {
		const char *word, *part;
	} cases[] = {
		{"mac=", "an address"},
		{"mac=02:00:00:00:00", "an address"},
		{"mac=02:00:00:00:00:01 ", "an address"},
		{"mac=01:00:5e:00:00:01", "group address"},
		{"mac=ff:ff:ff:ff:ff:ff", "group address"},
		{"mac=00:00:00:00:00:00", "zero address"},
		{"vlan=4095", "0 (none) or 1..4094"},
		{"vlan=-1", "1..4094"},
		{"vlan=65536", "1..4094"},
		{"vlan=1x", "1..4094"},
		{"vlan=", "1..4094"},
		{"qos=8", "0..7"},
		{"qos=x", "0..7"},
		{"proto=802.1x", "802.1Q or 802.1ad"},
		{"proto=0x8100", "802.1Q or 802.1ad"},
		{"proto=", "802.1Q or 802.1ad"},
		{"spoofchk=1", "on or off"},
		{"spoofchk=ON", "on or off"},
		{"trust=yes", "on or off"},
		{"trust=", "on or off"},
		{"link-state=up", "auto, enable or disable"},
		{"link-state=", "auto, enable or disable"},
		{"min-tx-rate=2147483648", "Mbit/s"},
		{"max-tx-rate=99999999999999999999", "Mbit/s"},
		{"max-tx-rate=1.5", "Mbit/s"},
	};
	struct vf_settings s, before;
	struct reason why;

	(void)unused;
	memset(&before, 0, sizeof(before));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(&s, &before, sizeof(s));
		if (vf_settings_word(&s, cases[i].word, &why) != -EINVAL)
			fail_msg("%s was taken", cases[i].word);
		assert_has(&why, cases[i].part);
		/* The message names the key. */
		if (strncmp(why.text, cases[i].word, strcspn(cases[i].word, "=") + 1) != 0)
			fail_msg("%s", why.text);
		assert_memory_equal(&s, &before, sizeof(s));
	}
}

static void
unknown_keys_get_the_list(void **unused)
{
	static const char *const words[] = {
		"mtu=1500",
		"=1",
		"MAC=02:00:00:00:00:01",
		"macs=1",
		"ma=1",
		"link--state=auto",
		"a-key-that-is-longer-than-any-of-ours=1",
	};
	struct vf_settings s = {0};
	struct reason why;

	(void)unused;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		assert_int_equal(vf_settings_word(&s, words[i], &why), -ENOENT);
		assert_has(
			&why,
			"there are mac, vlan, qos, proto, spoofchk, trust, link-state, "
			"min-tx-rate, max-tx-rate"
		);
		assert_true(vf_settings_empty(&s));
	}
	assert_int_equal(vf_settings_word(&s, "mac", &why), -EINVAL);
	assert_has(&why, "KEY=VALUE");
}

static void
hostile_words_are_cut(void **unused)
{
	struct vf_settings s = {0};
	char word[4096];
	struct reason why;

	(void)unused;
	memset(word, 'x', sizeof(word));
	word[sizeof(word) - 1] = '\0';
	assert_int_equal(vf_settings_word(&s, word, &why), -EINVAL);
	word[2000] = '=';
	assert_int_equal(vf_settings_word(&s, word, &why), -ENOENT);
	assert_has(&why, "max-tx-rate");
	memcpy(word, "trust=", 6);
	assert_int_equal(vf_settings_word(&s, word, &why), -EINVAL);
	assert_has(&why, "on or off is wanted");
}

static void
a_key_given_twice_is_an_error(void **unused)
{
	struct vf_settings s;
	struct reason why;

	(void)unused;
	read_words(&s, "min-tx-rate=5 vlan=3");
	assert_int_equal(vf_settings_word(&s, "min_tx_rate=6", &why), -EINVAL);
	assert_has(&why, "min-tx-rate is given twice");
	assert_int_equal(vf_settings_word(&s, "vlan=3", &why), -EINVAL);
	assert_int_equal(s.min_tx_rate_mbps, 5);
}

static void
rules_between_words(void **unused)
{
	/* A VF without anything, and one with a VLAN and rates. */
	const struct vf_state bare = {0};
	const struct vf_state full = {
		.vlan = 100,
		.qos = 3,
		.vlan_proto = ETH_P_8021AD,
		.min_tx_rate_mbps = 50,
		.max_tx_rate_mbps = 200,
	};
	const struct {
		const char *words;
		const struct vf_state *now;
		const char *part; /* NULL: fine */
	} cases[] = {
		{"qos=3 vlan=0", NULL, "qos=3 needs a VLAN, vlan=1..4094, and vlan is 0"},
		{"qos=3 vlan=0", &full, "vlan is 0"},
		{"qos=0 vlan=0", &bare, NULL},
		{"proto=802.1ad vlan=0", NULL, "proto=802.1ad needs a VLAN"},
		{"proto=802.1q vlan=0", &bare, NULL},
		{"vlan=0", &full, NULL},
		{"qos=3", NULL, NULL}, /* not known yet */
		{"qos=3", &bare, "qos=3 needs a VLAN, vlan=1..4094, and the VF has none"},
		{"qos=3", &full, NULL},
		{"qos=0", &bare, NULL},
		{"proto=802.1ad", &bare, "the VF has none"},
		{"proto=802.1Q", &bare, NULL},
		{"proto=802.1Q", &full, NULL},
		{"qos=7 vlan=5 proto=802.1ad", &bare, NULL},
		{"min-tx-rate=101 max-tx-rate=100", NULL, "min-tx-rate=101 is more than"},
		{"min-tx-rate=100 max-tx-rate=100", NULL, NULL},
		{"min-tx-rate=101 max-tx-rate=0", NULL, NULL},
		{"min-tx-rate=201", NULL, NULL}, /* not known yet */
		{"min-tx-rate=201", &full, "is more than max-tx-rate=200 of the VF"},
		{"min-tx-rate=200", &full, NULL},
		{"min-tx-rate=201", &bare, NULL},
		{"max-tx-rate=49", &full, "min-tx-rate=50 of the VF is more than max-tx-rate=49"},
		{"max-tx-rate=0", &full, NULL},
		{"trust=on", &bare, NULL},
	};
	struct vf_settings s;
	struct reason why;

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int rc;

		read_words(&s, cases[i].words);
		rc = vf_settings_check(&s, cases[i].now, &why);
		if (rc != (cases[i].part != NULL ? -EINVAL : 0))
			fail_msg("%zu %s: %d", i, cases[i].words, rc);
		if (rc < 0)
			assert_has(&why, cases[i].part);
	}
}

/* What was not asked for stays; half a pair keeps the other half. */
static void
settings_change_only_what_they_name(void **unused)
{
	const struct vf_state now = {
		.vf = 3,
		.known = 1u << VF_ATTR_VLAN | 1u << VF_ATTR_RATE,
		.mac = {2, 1, 1, 1, 1, 1},
		.vlan = 100,
		.qos = 3,
		.vlan_proto = ETH_P_8021AD,
		.min_tx_rate_mbps = 50,
		.max_tx_rate_mbps = 200,
		.spoofchk = true,
		.link_state = VF_LINK_ENABLE,
	};
	static const struct {
		const char *words;
		uint16_t vlan, proto;
		uint8_t qos;
		uint32_t min, max;
	} cases[] = {
		{"vlan=7", 7, ETH_P_8021AD, 3, 50, 200},
		{"qos=1", 100, ETH_P_8021AD, 1, 50, 200},
		{"proto=802.1Q", 100, ETH_P_8021Q, 3, 50, 200},
		{"vlan=0", 0, 0, 0, 50, 200},
		{"vlan=0 qos=0 proto=802.1Q", 0, 0, 0, 50, 200},
		{"max-tx-rate=60", 100, ETH_P_8021AD, 3, 50, 60},
		{"min-tx-rate=0", 100, ETH_P_8021AD, 3, 0, 200},
	};
	struct vf_settings s;
	struct vf_state to;

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		read_words(&s, cases[i].words);
		vf_settings_apply(&s, &now, &to);
		assert_int_equal(to.vlan, cases[i].vlan);
		assert_int_equal(to.vlan_proto, cases[i].proto);
		assert_int_equal(to.qos, cases[i].qos);
		assert_int_equal(to.min_tx_rate_mbps, cases[i].min);
		assert_int_equal(to.max_tx_rate_mbps, cases[i].max);
		assert_int_equal(to.vf, 3);
		assert_memory_equal(to.mac, now.mac, 6);
		assert_true(to.spoofchk);
		assert_int_equal(to.link_state, VF_LINK_ENABLE);
	}
	read_words(&s, "mac=02:02:02:02:02:02 spoofchk=off trust=on link-state=auto");
	/* In place, too. */
	to = now;
	vf_settings_apply(&s, &to, &to);
	assert_memory_equal(to.mac, "\2\2\2\2\2\2", 6);
	assert_false(to.spoofchk);
	assert_true(to.trust);
	assert_int_equal(to.link_state, VF_LINK_AUTO);
	assert_int_equal(to.vlan, 100);
	assert_int_equal(to.known, (1u << VF_ATTR_COUNT) - 1);
	read_words(&s, "vlan=7");
	vf_settings_apply(&s, &(struct vf_state){0}, &to);
	assert_int_equal(to.vlan_proto, ETH_P_8021Q);
	assert_int_equal(to.known, 1u << VF_ATTR_VLAN);
}

static void
same_is_what_the_kernel_takes_for_the_same(void **unused)
{
	const struct vf_state a = {.vlan = 5, .vlan_proto = ETH_P_8021Q}, none = {0};
	struct vf_state b = a;

	(void)unused;
	b.vlan_proto = 0;
	assert_true(vf_state_same(VF_ATTR_VLAN, &a, &b));
	b.vlan_proto = ETH_P_8021AD;
	assert_false(vf_state_same(VF_ATTR_VLAN, &a, &b));
	b = (struct vf_state){.vlan_proto = ETH_P_8021Q};
	assert_true(vf_state_same(VF_ATTR_VLAN, &none, &b));
	b.qos = 1;
	assert_false(vf_state_same(VF_ATTR_VLAN, &none, &b));
	/* Each attribute looks at its own fields, and at all of them. */
	const struct {
		enum vf_attr attr;
		struct vf_state other;
	} cases[] = {
		{VF_ATTR_MAC, {.mac = {0, 0, 0, 0, 0, 1}}},
		{VF_ATTR_VLAN, {.vlan = 1}},
		{VF_ATTR_VLAN, {.qos = 1}},
		{VF_ATTR_RATE, {.min_tx_rate_mbps = 1}},
		{VF_ATTR_RATE, {.max_tx_rate_mbps = 1}},
		{VF_ATTR_SPOOFCHK, {.spoofchk = true}},
		{VF_ATTR_TRUST, {.trust = true}},
		{VF_ATTR_LINK_STATE, {.link_state = VF_LINK_DISABLE}},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (enum vf_attr attr = 0; attr < VF_ATTR_COUNT; attr++)
			assert_int_equal(
				vf_state_same(attr, &none, &cases[i].other), attr != cases[i].attr
			);
}

static void
attributes_as_text(void **unused)
{
	const struct vf_state s = {
		.mac = {2, 0, 0, 0, 0, 0x1f},
		.vlan = 4094,
		.qos = 7,
		.vlan_proto = ETH_P_8021AD,
		.min_tx_rate_mbps = UINT32_MAX,
		.max_tx_rate_mbps = UINT32_MAX,
		.spoofchk = true,
		.link_state = VF_LINK_DISABLE,
	};
	static const char *const expected[] = {
		[VF_ATTR_MAC] = "mac=02:00:00:00:00:1f",
		[VF_ATTR_VLAN] = "vlan=4094 qos=7 proto=802.1ad",
		[VF_ATTR_RATE] = "min-tx-rate=4294967295 max-tx-rate=4294967295",
		[VF_ATTR_SPOOFCHK] = "spoofchk=on",
		[VF_ATTR_TRUST] = "trust=off",
		[VF_ATTR_LINK_STATE] = "link-state=disable",
	};
	const struct vf_state none = {0};
	char buf[VF_STATE_TEXT_BYTES];

	(void)unused;
	for (enum vf_attr attr = 0; attr < VF_ATTR_COUNT; attr++)
		assert_string_equal(vf_state_text(attr, &s, buf), expected[attr]);
	assert_string_equal(vf_state_text(VF_ATTR_VLAN, &none, buf), "vlan=0");
}

static int
no_random_bytes(void *ctx, void *buf, uint32_t len)
{
	(void)ctx;
	(void)buf;
	(void)len;
	return -EIO;
}

static void
random_addresses_are_local_and_of_one_station(void **unused)
{
	struct fake_host *f = fake_host_new();
	struct sriov_host h = *fake_host_sriov(f);
	uint8_t mac[6], before[6] = {0};

	(void)unused;
	for (int i = 0; i < 64; i++) {
		assert_int_equal(vf_random_mac(&h, mac), 0);
		assert_int_equal(mac[0] & 3, 2);
		assert_memory_not_equal(mac, before, 6);
		memcpy(before, mac, 6);
	}
	h.random_bytes = no_random_bytes;
	assert_int_equal(vf_random_mac(&h, mac), -EIO);
	assert_memory_equal(mac, before, 6);
	fake_host_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_become_values),
		cmocka_unit_test(each_word_asks_for_one_attribute),
		cmocka_unit_test(bad_values_are_refused_and_change_nothing),
		cmocka_unit_test(unknown_keys_get_the_list),
		cmocka_unit_test(hostile_words_are_cut),
		cmocka_unit_test(a_key_given_twice_is_an_error),
		cmocka_unit_test(rules_between_words),
		cmocka_unit_test(settings_change_only_what_they_name),
		cmocka_unit_test(same_is_what_the_kernel_takes_for_the_same),
		cmocka_unit_test(attributes_as_text),
		cmocka_unit_test(random_addresses_are_local_and_of_one_station),
	};

	return cmocka_run_group_tests_name("vf_settings", tests, NULL, NULL);
}
