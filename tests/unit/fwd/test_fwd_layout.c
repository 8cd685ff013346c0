/* SPDX-License-Identifier: BSD-3-Clause */
/* fwd_layout_new(): tables of what testpmd would do, every refusal, and random inputs. */
#include "fwd_layout.h"
#include "reason.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* "RXPORT.QUEUE>TXPORT.QUEUE@WORKER ..." of all streams; "-" for no transmit port. */
static void
render(const struct fwd_layout *l, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (uint16_t i = 0; i < l->nb_streams; i++) {
		const struct fwd_layout_stream *s = &l->streams[i];

		len += (size_t)snprintf(
			buf + len,
			size - len,
			"%s%u.%u>",
			i == 0 ? "" : " ",
			s->rx_port,
			s->rx_queue
		);
		if (s->tx_port == FWD_NO_PORT)
			len += (size_t)snprintf(buf + len, size - len, "-@%u", s->worker);
		else
			len += (size_t)snprintf(
				buf + len,
				size - len,
				"%u.%u@%u",
				s->tx_port,
				s->tx_queue,
				s->worker
			);
		assert_true(len < size);
	}
}

struct row {
	const char *what;
	struct fwd_layout_port ports[8]; /* ends with nb_rxq 0 */
	struct fwd_layout_settings s;
	const char *streams;
	const char *owners; /* of the transmit queues, in the order of ports and queues */
};

static const struct row rows[] = {
	{
		"two ports, one worker",
		{{0, 1, 1}, {1, 1, 1}},
		{FWD_PAIRED, 1, true, {0, 1}, 2, {{0, 0}}, 0},
		"0.0>1.0@0 1.0>0.0@0",
		"00",
	},
	{
		"two ports, two workers",
		{{0, 1, 1}, {1, 1, 1}},
		{FWD_PAIRED, 2, true, {0, 1}, 2, {{0, 0}}, 0},
		"0.0>1.0@0 1.0>0.0@1",
		"10",
	},
	{
		"more workers than streams",
		{{0, 1, 1}, {1, 1, 1}},
		{FWD_PAIRED, 9, true, {0, 1}, 2, {{0, 0}}, 0},
		"0.0>1.0@0 1.0>0.0@1",
		"10",
	},
	{
		"an odd port out is its own peer",
		{{0, 1, 1}, {1, 1, 1}, {2, 1, 1}},
		{FWD_PAIRED, 1, true, {0, 1, 2}, 3, {{0, 0}}, 0},
		"0.0>1.0@0 1.0>0.0@0 2.0>2.0@0",
		"000",
	},
	{
		"one port",
		{{5, 1, 1}},
		{FWD_PAIRED, 1, true, {5}, 1, {{0, 0}}, 0},
		"5.0>5.0@0",
		"0",
	},
	{
		"chained",
		{{0, 1, 1}, {1, 1, 1}, {2, 1, 1}},
		{FWD_CHAINED, 1, true, {0, 1, 2}, 3, {{0, 0}}, 0},
		"0.0>1.0@0 1.0>2.0@0 2.0>0.0@0",
		"000",
	},
	{
		"chained in the user's order",
		{{0, 1, 1}, {1, 1, 1}, {2, 1, 1}},
		{FWD_CHAINED, 1, true, {2, 0, 1}, 3, {{0, 0}}, 0},
		"2.0>0.0@0 0.0>1.0@0 1.0>2.0@0",
		"000",
	},
	{
		"loop",
		{{0, 1, 1}, {1, 1, 1}},
		{FWD_LOOP, 2, true, {0, 1}, 2, {{0, 0}}, 0},
		"0.0>0.0@0 1.0>1.0@1",
		"01",
	},
	{
		"queues before ports; the last workers get the remainder",
		{{0, 2, 2}, {1, 2, 2}, {2, 1, 1}},
		{FWD_PAIRED, 3, true, {0, 1, 2}, 3, {{0, 0}}, 0},
		"0.0>1.0@0 1.0>0.0@1 2.0>2.0@1 0.1>1.1@2 1.1>0.1@2",
		"12021",
	},
	{
		"7 streams on 4 workers: 1 2 2 2",
		{{0, 7, 7}},
		{FWD_LOOP, 4, true, {0}, 1, {{0, 0}}, 0},
		"0.0>0.0@0 0.1>0.1@1 0.2>0.2@1 0.3>0.3@2 0.4>0.4@2 0.5>0.5@3 0.6>0.6@3",
		"0112233",
	},
	{
		"pairs leave the topology, which closes up",
		{{0, 1, 1}, {1, 1, 1}, {2, 1, 1}, {3, 1, 1}},
		{FWD_PAIRED, 1, true, {0, 1, 2, 3}, 4, {{0, 2}}, 1},
		"0.0>2.0@0 1.0>3.0@0 2.0>0.0@0 3.0>1.0@0",
		"0000",
	},
	{
		"a pair outside the port list forwards after it",
		{{0, 1, 1}, {1, 1, 1}, {7, 1, 1}, {8, 1, 1}},
		{FWD_PAIRED, 2, true, {0, 1}, 2, {{8, 7}}, 1},
		"0.0>1.0@0 1.0>0.0@0 8.0>7.0@1 7.0>8.0@1",
		"0011",
	},
	{
		"ports outside the list: worker 0, no peer",
		{{0, 1, 1}, {1, 1, 1}, {2, 2, 1}},
		{FWD_PAIRED, 2, true, {0, 1}, 2, {{0, 0}}, 0},
		"0.0>1.0@0 1.0>0.0@1 2.0>-@0 2.1>-@0",
		"100",
	},
	{
		"a stopped port keeps its place, and its peer has none",
		{{0, 1, 1}, {2, 1, 1}, {3, 1, 1}},
		{FWD_PAIRED, 1, true, {0, 1, 2, 3}, 4, {{0, 0}}, 0},
		"0.0>-@0 2.0>3.0@0 3.0>2.0@0",
		"000",
	},
	{
		"a stopped port of a pair",
		{{4, 1, 2}},
		{FWD_PAIRED, 1, true, {4, 5}, 2, {{4, 5}}, 1},
		"4.0>-@0",
		"00",
	},
	{
		"answers on the same port",
		{{0, 1, 1}, {1, 1, 1}, {2, 1, 1}},
		{FWD_PAIRED, 2, false, {0, 1}, 2, {{0, 1}}, 1},
		"0.0>0.0@0 1.0>1.0@1 2.0>-@0",
		"010",
	},
	{
		"transmit queues without sender: with the receive queue, else worker 0",
		{{0, 2, 4}, {1, 2, 4}},
		{FWD_PAIRED, 4, true, {0, 1}, 2, {{0, 0}}, 0},
		"0.0>1.0@0 1.0>0.0@1 0.1>1.1@2 1.1>0.1@3",
		"13000200",
	},
	{
		"the owner of the receive queue gets an idle transmit queue",
		{{0, 1, 1}, {1, 1, 1}, {2, 1, 1}, {3, 1, 1}},
		{FWD_PAIRED, 3, true, {0, 1, 2, 9}, 4, {{0, 0}}, 0},
		"0.0>1.0@0 1.0>0.0@1 2.0>-@2 3.0>-@0",
		"1020",
	},
	{
		"no port",
		{{0, 0, 0}},
		{FWD_PAIRED, 3, true, {0}, 1, {{0, 0}}, 0},
		"",
		"",
	},
};

static void
tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct fwd_layout *l = NULL;
		char streams[1024], owners[64] = "";
		uint16_t nb_ports = 0;

		print_message("# %s\n", row->what);
		while (row->ports[nb_ports].nb_rxq != 0)
			nb_ports++;
		assert_int_equal(fwd_layout_new(&l, row->ports, nb_ports, &row->s, NULL), 0);
		render(l, streams, sizeof(streams));
		assert_string_equal(streams, row->streams);
		for (uint16_t q = 0; q < l->nb_txqs; q++)
			owners[q] = (char)('0' + l->txqs[q].worker);
		assert_string_equal(owners, row->owners);
		assert_null(fwd_layout_free(l));
	}
	assert_null(fwd_layout_free(NULL));
}

struct refusal {
	struct fwd_layout_port ports[3];
	struct fwd_layout_settings s;
	const char *reason;
};

static const struct refusal refusals[] = {
	{
		{{0, 1, 1}, {1, 1, 1}},
		{FWD_PAIRED, 1, true, {0, 1, 0}, 3, {{0, 0}}, 0},
		"port 0 is twice in the port list",
	},
	{
		{{0, 1, 1}, {1, 1, 1}},
		{FWD_PAIRED, 1, true, {0, 1}, 2, {{1, 1}}, 1},
		"port 1 is paired with itself",
	},
	{
		{{0, 1, 1}, {1, 1, 1}},
		{FWD_PAIRED, 1, true, {0, 1}, 2, {{0, 1}, {2, 1}}, 2},
		"port 1 is in more than one pair",
	},
	{
		{{0, 2, 2}, {1, 1, 1}},
		{FWD_PAIRED, 1, true, {0, 1}, 2, {{0, 0}}, 0},
		"port 1 has 1 transmit queues, but the 2 receive queues of port 0 need one each",
	},
	{
		{{0, 1, 1}, {0, 1, 1}},
		{FWD_PAIRED, 1, true, {0}, 1, {{0, 0}}, 0},
		"port 0 is given twice",
	},
	{
		{{0, 1, 1}, {1, 0, 1}},
		{FWD_PAIRED, 1, true, {0}, 1, {{0, 0}}, 0},
		"port 1 has 0 receive and 1 transmit queues; 1 to 64 of each can be served",
	},
	{
		{{0, 1, 1}, {1, 1, 65}},
		{FWD_PAIRED, 1, true, {0}, 1, {{0, 0}}, 0},
		"port 1 has 1 receive and 65 transmit queues; 1 to 64 of each can be served",
	},
	{
		{{0, 1, 1}, {1, 1, 1}},
		{FWD_PAIRED, 0, true, {0, 1}, 2, {{0, 0}}, 0},
		"0 workers; 1 to 128 can forward",
	},
	{
		{{0, 1, 1}, {1, 1, 1}},
		{FWD_PAIRED, 129, true, {0, 1}, 2, {{0, 0}}, 0},
		"129 workers; 1 to 128 can forward",
	},
	{
		{{0, 1, 1}, {1, 1, 1}},
		{FWD_TOPOLOGY_COUNT, 1, true, {0, 1}, 2, {{0, 0}}, 0},
		"port topology 3 is unknown",
	},
	{
		{{0, 1, 1}, {FWD_NO_PORT, 1, 1}},
		{FWD_PAIRED, 1, true, {0, 1}, 2, {{0, 0}}, 0},
		"port 65535 is no port id",
	},
};

static void
refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct fwd_layout *l = (void *)&l;
		struct reason why = {""};

		assert_int_equal(
			fwd_layout_new(&l, refusals[i].ports, 2, &refusals[i].s, &why), -EINVAL
		);
		assert_string_equal(why.text, refusals[i].reason);
		assert_ptr_equal(l, &l);
	}
}

/* Too few transmit queues matter only where frames go. */
static void
few_txqs_where_nothing_is_sent(void **state)
{
	static const struct fwd_layout_port ports[] = {{0, 2, 2}, {1, 2, 1}};
	static const struct fwd_layout_settings s = {
		.topology = FWD_LOOP,
		.nb_workers = 1,
		.needs_tx_peer = true,
		.portlist = {0},
		.nb_portlist = 1,
	};
	struct fwd_layout *l = NULL;

	(void)state;
	assert_int_equal(fwd_layout_new(&l, ports, 2, &s, NULL), 0);
	assert_int_equal(l->nb_streams, 4);
	fwd_layout_free(l);
}

/* A generator of our own, so that a failure can be repeated on any machine. */
static uint32_t
next_random(uint64_t *seed, uint32_t limit)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*seed >> 33) % limit;
}

static void
shuffle(uint64_t *seed, uint16_t *list, uint16_t nb)
{
	for (uint16_t i = nb; i > 1; i--) {
		uint16_t j = (uint16_t)next_random(seed, i);
		uint16_t swap = list[i - 1];

		list[i - 1] = list[j];
		list[j] = swap;
	}
}

/* Ports, a list and pairs drawn from 0..31; some of the list are not started, and the reverse. */
static uint16_t
draw(uint64_t *seed, struct fwd_layout_port *ports, struct fwd_layout_settings *s)
{
	uint16_t ids[32], nb_ports;

	for (uint16_t i = 0; i < COUNT(ids); i++)
		ids[i] = i;
	shuffle(seed, ids, COUNT(ids));
	nb_ports = (uint16_t)next_random(seed, COUNT(ids) + 1);
	for (uint16_t i = 0; i < nb_ports; i++) {
		ports[i].port_id = ids[i];
		ports[i].nb_rxq = (uint16_t)(1 + next_random(seed, 4));
		ports[i].nb_txq = (uint16_t)(1 + next_random(seed, 6));
	}
	shuffle(seed, ids, COUNT(ids));
	memset(s, 0, sizeof(*s));
	s->topology = next_random(seed, FWD_TOPOLOGY_COUNT);
	s->nb_workers = (uint16_t)(1 + next_random(seed, 16));
	s->needs_tx_peer = next_random(seed, 4) != 0;
	s->nb_portlist = (uint16_t)next_random(seed, COUNT(ids) + 1);
	memcpy(s->portlist, ids, sizeof(ids));
	shuffle(seed, ids, COUNT(ids));
	s->nb_pairs = (uint16_t)next_random(seed, COUNT(ids) / 2 + 1);
	memcpy(s->pairs, ids, sizeof(ids));
	return nb_ports;
}

static const struct fwd_layout_port *
find(const struct fwd_layout_port *ports, uint16_t nb_ports, uint16_t port_id)
{
	for (uint16_t i = 0; i < nb_ports; i++)
		if (ports[i].port_id == port_id)
			return &ports[i];
	return NULL;
}

static void
check_ownership(const struct fwd_layout *l, const struct fwd_layout_port *ports, uint16_t nb_ports)
{
	uint8_t rx[32][FWD_MAX_QUEUES] = {{0}}, tx[32][FWD_MAX_QUEUES] = {{0}};
	uint8_t senders[32][FWD_MAX_QUEUES] = {{0}};
	uint16_t owner[32][FWD_MAX_QUEUES];

	for (uint16_t i = 0; i < l->nb_txqs; i++) {
		tx[l->txqs[i].port][l->txqs[i].queue]++;
		owner[l->txqs[i].port][l->txqs[i].queue] = l->txqs[i].worker;
	}
	for (uint16_t i = 0; i < l->nb_streams; i++) {
		const struct fwd_layout_stream *s = &l->streams[i];

		rx[s->rx_port][s->rx_queue]++;
		if (s->tx_port == FWD_NO_PORT)
			continue;
		senders[s->tx_port][s->tx_queue]++;
		assert_int_equal(s->tx_queue, s->rx_queue);
		assert_int_equal(owner[s->tx_port][s->tx_queue], s->worker);
	}
	for (uint16_t port = 0; port < 32; port++) {
		const struct fwd_layout_port *p = find(ports, nb_ports, port);

		for (uint16_t q = 0; q < FWD_MAX_QUEUES; q++) {
			assert_int_equal(rx[port][q], p != NULL && q < p->nb_rxq);
			assert_int_equal(tx[port][q], p != NULL && q < p->nb_txq);
			assert_true(senders[port][q] <= tx[port][q]);
		}
	}
}

/* Forwarding streams are dealt out evenly, in runs, and to no worker that there is not. */
static void
check_shares(const struct fwd_layout *l, const struct fwd_layout_settings *s)
{
	unsigned share[FWD_MAX_WORKERS] = {0};
	unsigned least = UINT16_MAX, most = 0;
	uint16_t last = 0;

	for (uint16_t i = 0; i < l->nb_streams; i++) {
		uint16_t port = l->streams[i].rx_port;
		bool forwards = false;

		for (uint16_t j = 0; j < s->nb_portlist; j++)
			forwards |= s->portlist[j] == port;
		for (uint16_t j = 0; j < s->nb_pairs; j++)
			forwards |= s->pairs[j].a == port || s->pairs[j].b == port;
		assert_true(l->streams[i].worker < s->nb_workers);
		if (!forwards) {
			assert_int_equal(l->streams[i].tx_port, FWD_NO_PORT);
			assert_int_equal(l->streams[i].worker, 0);
			continue;
		}
		assert_true(l->streams[i].worker >= last);
		last = l->streams[i].worker;
		share[last]++;
	}
	for (uint16_t w = 0; w <= last; w++) {
		least = share[w] < least ? share[w] : least;
		most = share[w] > most ? share[w] : most;
	}
	assert_true(most - least <= 1 || l->nb_streams == 0);
}

static void
random_inputs(void **state)
{
	uint64_t seed = 20240229;
	unsigned accepted = 0, refusals_seen = 0;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		struct fwd_layout_port ports[32];
		struct fwd_layout_settings s;
		uint16_t nb_ports = draw(&seed, ports, &s);
		struct fwd_layout *l = NULL;
		struct reason why = {""};
		int err = fwd_layout_new(&l, ports, nb_ports, &s, &why);

		if (err < 0) {
			/* The draw makes one kind of bad input. */
			assert_non_null(strstr(why.text, "need one each"));
			refusals_seen++;
			continue;
		}
		accepted++;
		check_ownership(l, ports, nb_ports);
		check_shares(l, &s);
		fwd_layout_free(l);
	}
	assert_true(accepted > 1000);
	assert_true(refusals_seen > 1000);
}

static void
names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FWD_TOPOLOGY_COUNT; i++)
		assert_non_null(fwd_topology_names[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables),
		cmocka_unit_test(refused),
		cmocka_unit_test(few_txqs_where_nothing_is_sent),
		cmocka_unit_test(random_inputs),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
