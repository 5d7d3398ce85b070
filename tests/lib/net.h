/*
 * net: a network written as a topology document (with ' for "), an engine on it, and words from its switches. For tests of
 * what stands beside the engine.
 */
#ifndef DPWATCH_TESTS_LIB_NET_H
#define DPWATCH_TESTS_LIB_NET_H

#include <check.h>

#include "core/engine.h"
#include "lib/topo_text.h"

/* Ids of ports 1 to 9. */
#define PORT_ID(n)                                                          \
#n #n #n #n #n #n #n #n "-" #n #n #n #n "-4" #n #n #n "-8" #n #n #n \
				"-" #n #n #n #n #n #n #n #n #n #n #n #n

/* 2024-05-01T12:00:00Z */
#define NET_NOW INT64_C(1714564800000000)

struct net {
	struct config config;
	struct engine *engine;
	int64_t seconds; /* since NET_NOW; each word is a second later than the one before */
};

static inline struct engine_time
net_time(const struct net *net)
{
	return (struct engine_time){ .now_ns = (net->seconds + 1) * 1000000000,
		.wall_us = NET_NOW + net->seconds * 1000000 };
}

static inline void
net_open(struct net *net, const char *document)
{
	*net = (struct net){ 0 };
	ck_assert_int_eq(config_defaults(&net->config), 0);
	net->engine = engine_new(&net->config);
	ck_assert_ptr_nonnull(net->engine);
	ck_assert_int_eq(engine_set_topo(net->engine, topo_of_text(document), net_time(net)), 0);
	engine_start(net->engine, net_time(net));
}

static inline void
net_close(struct net *net)
{
	engine_free(net->engine);
	config_release(&net->config);
}

/* A trap about "SWITCH:INTERFACE". What comes of it is taken out, as the daemon does before anybody looks. */
static inline void
net_word(struct net *net, const char *interface, enum link_word word)
{
	struct slice text = slice_of(interface);
	long colon = slice_find(text, SLICE(":"));
	uint32_t sw = topo_switch_find(engine_topo(net->engine), slice_first(text, (size_t)colon));
	struct link_event event = {
		.kind = LINK_EVENT_WORD,
		.word = word,
		.source = SOURCE_TRAP,
		.name = slice_from(text, (size_t)colon + 1),
	};

	struct dp_change change;

	ck_assert_uint_ne(sw, TOPO_NONE);
	net->seconds++;
	engine_feed(net->engine, sw, &event, net_time(net));
	while (engine_pop(net->engine, &change))
		;
}

static inline void
net_down(struct net *net, const char *interface)
{
	net_word(net, interface, WORD_DOWN);
}

static inline void
net_up(struct net *net, const char *interface)
{
	net_word(net, interface, WORD_UP);
}

static inline uint32_t
net_port(const struct net *net, const char *id_text)
{
	uint8_t id[16];

	ck_assert(port_id_parse(slice_of(id_text), id));
	uint32_t port = topo_port_find(engine_topo(net->engine), id);
	ck_assert_uint_ne(port, TOPO_NONE);
	return port;
}

#endif
