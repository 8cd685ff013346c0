/* SPDX-License-Identifier: BSD-3-Clause */
/* See port.h: which ports there are, by what words they are found, and what is known of them. */
#include "parse.h"
#include "port.h"
#include "port_priv.h"
#include "reason.h"

#include <rte_ethdev.h>

#include <errno.h>
#include <string.h>

uint16_t
ports_list(const struct ports *ports, uint16_t *ret, uint16_t max)
{
	uint16_t n = 0;

	for (uint16_t id = 0; id < RTE_MAX_ETHPORTS && n < max; id++)
		if (ports->port[id].state != PORT_ABSENT)
			ret[n++] = id;
	return n;
}

int
ports_find(const struct ports *ports, const char *word, uint16_t *ret, struct reason *why)
{
	uint64_t id;
	int rc;

	for (uint16_t i = 0; i < RTE_MAX_ETHPORTS; i++) {
		const struct port *p = &ports->port[i];

		if (p->state != PORT_ABSENT &&
		    (strcmp(p->name, word) == 0 ||
		     (p->alias[0] != '\0' && strcmp(p->alias, word) == 0))) {
			*ret = i;
			return 0;
		}
	}
	rc = parse_u64(word, 0, RTE_MAX_ETHPORTS - 1, &id);
	if (rc == -ERANGE)
		return reason_set(
			why, -EINVAL, "port %s: a port number is 0..%u", word, RTE_MAX_ETHPORTS - 1
		);
	if (rc != 0 || ports->port[id].state == PORT_ABSENT)
		return reason_set(
			why, -ENODEV, "port %s: no such port (see show port summary all)", word
		);
	*ret = (uint16_t)id;
	return 0;
}

int
port_alias_set(struct ports *ports, uint16_t id, const char *alias, struct reason *why)
{
	uint16_t other;

	if (port_state(ports, id) == PORT_ABSENT || strlen(alias) >= PORT_ALIAS_BYTES)
		return reason_set(why, -EINVAL, "port %u cannot be named %s", id, alias);
	if (ports_find(ports, alias, &other, NULL) == 0 && other != id)
		return reason_set(
			why,
			-EEXIST,
			"port %s cannot be named %s: that is port %u",
			port_name(ports, id),
			alias,
			other
		);
	strcpy(ports->port[id].alias, alias);
	return 0;
}

const char *
port_alias(const struct ports *ports, uint16_t id)
{
	return port_state(ports, id) != PORT_ABSENT ? ports->port[id].alias : "";
}

enum port_state
port_state(const struct ports *ports, uint16_t id)
{
	return id < RTE_MAX_ETHPORTS ? ports->port[id].state : PORT_ABSENT;
}

const char *
port_name(const struct ports *ports, uint16_t id)
{
	return port_state(ports, id) != PORT_ABSENT ? ports->port[id].name : "?";
}

const char *
port_device(const struct ports *ports, uint16_t id)
{
	return port_state(ports, id) != PORT_ABSENT ? rte_dev_name(ports->port[id].device) : "?";
}

const char *
port_driver(const struct ports *ports, uint16_t id)
{
	return port_state(ports, id) != PORT_ABSENT ? ports->port[id].driver : "?";
}

uint32_t
port_if_index(const struct ports *ports, uint16_t id)
{
	struct rte_eth_dev_info info;

	if (port_state(ports, id) == PORT_ABSENT || rte_eth_dev_info_get(id, &info) != 0)
		return 0;
	return info.if_index;
}

const struct port_conf *
port_conf(const struct ports *ports, uint16_t id)
{
	if (port_state(ports, id) == PORT_ABSENT || !ports->port[id].configured)
		return NULL;
	return &ports->port[id].conf;
}
