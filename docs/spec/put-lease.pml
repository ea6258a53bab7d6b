/*
 * How one key of one slot gets, keeps and loses its one holder: owner change, put-lease, commit,
 * claim, duplicates, crash. A model of what the code does; README.md maps each transition to it.
 *
 * One process repeats: choose any transition that is possible now, carry it out as one step. A
 * message is a variable that one transition fills and a later one, any time later, reads: so
 * answers and orders are delayed and overtake each other at will, also past a pause of their sender.
 * Time is not modelled: what ends by a deadline may end at any moment.
 *
 * Faults have budgets (-D); "faults stop" sets them to nothing at any moment. Where nothing is
 * possible any more the cluster must have settled.
 */

#ifndef PUTS
#define PUTS 2       /* puts of the key, each by any node */
#endif
#ifndef HANDOVERS
#define HANDOVERS 1  /* the coordinator moves the slot */
#endif
#ifndef EXPIRIES
#define EXPIRIES 1   /* a session ends under a running process */
#endif
#ifndef CRASHES
#define CRASHES 1    /* kill -9, the device stays; started again some time */
#endif
#ifndef LOSSES
#define LOSSES 1     /* an answer is lost */
#endif
#ifndef LATES
#define LATES 0      /* an owner gives up on an order, or a node on a commit, that still arrives */
#endif
#ifndef UNHEARD
#define UNHEARD 0    /* a slot opens before every node has announced */
#endif
#ifndef EVICTIONS
#define EVICTIONS 0  /* a device forgets a record */
#endif

#define NODES 3
#define NONE 3       /* no node */

/* What is where, by put: a put and its record have one number, 1 to PUTS; 0 is none. */
#define UNBEGUN 0
#define ASKING 1     /* wants the put-lease */
#define WRITING 2    /* has it */
#define PENDING 3    /* its record is durable and not visible: the commit is asked for */
#define PUBLISHED 4  /* visible */
#define DISCARDING 5 /* refused, its tombstone not yet durable */
#define DROPPING 6   /* ordered away, its tombstone not yet durable */
#define OVER 7       /* nothing of it is on the device */

#define NO 0
#define GRANTED 1
#define ACCEPTED 2
#define REJECTED 3

#define SYNCING 1
#define READY 2

#define ASKED 0      /* a settlement: the entry's holder is still to confirm */
#define CONFIRMED 1
#define DENIED 2
#define ORDERED 3

/* ZooKeeper: the epoch of the newest claim; whose ephemeral the slot's put-lease is */
unsigned epoch : 3;
unsigned leaseNode : 2 = NONE;
unsigned leaseInc : 2;

typedef Node {
	/* in ZooKeeper: the incarnation that is registered, 0 for none; the last there was */
	unsigned live : 2;
	unsigned lastInc : 2;
	/* its process: its own incarnation, 0 before it is registered; the epoch it is promised to */
	unsigned down : 1;
	unsigned self : 2;
	unsigned promised : 3;
	/* its announcement on the way to the owner of that epoch, 0 for none; the incarnation that was
	   asked; the record listed; the puts listed, a bit each */
	unsigned annEpoch : 3;
	unsigned annInc : 2;
	unsigned annHeld : 2;
	unsigned annOpen : 4;
	/* its arbiter of the slot; which nodes have announced to it, a bit each */
	unsigned arb : 2;
	unsigned arbEpoch : 3;
	unsigned entry : 2;
	unsigned entryInc : 2;
	unsigned lease : 2;
	unsigned writerInc : 2;
	unsigned heard : 3;
	/* the incarnation of each node that its owner believes live, two bits each */
	unsigned image : 6;
	/* its settlement: the second copy, and the entry whose holder denied it */
	unsigned phase : 2;
	unsigned second : 2;
	unsigned secondInc : 2;
	unsigned denied : 2;
	unsigned deniedInc : 2;
	/* for the assertions only: the epoch to which this incarnation has announced; whether the slot
	   was opened without it */
	unsigned told : 3;
	unsigned missed : 1;
}
Node node[NODES];

typedef Put {
	unsigned state : 3;
	unsigned at : 2;
	unsigned token : 3;    /* the epoch of its put-lease */
	unsigned answer : 2;   /* on the way to the writer, with the owner's epoch and */
	unsigned ansEpoch : 3; /* the incarnation it is for */
	unsigned ansInc : 2;
	unsigned order : 3;    /* the epoch of an order on the way to drop the record, 0 for none */
	unsigned gone : 2;     /* a word on the way to the owner that the record is gone */
	/* for the assertions only: what the client was told; whether the record is at a live holder that
	   the newest epoch knows or relies on */
	unsigned acknowledged : 1;
	unsigned refused : 1;
	unsigned counted : 1;
}
Put put[PUTS + 1];

/* budgets */
unsigned handovers : 2 = HANDOVERS;
unsigned expiries : 2 = EXPIRIES;
unsigned crashes : 2 = CRASHES;
unsigned losses : 2 = LOSSES;
unsigned lates : 2 = LATES;
unsigned unheard : 2 = UNHEARD;
unsigned evictions : 2 = EVICTIONS;
unsigned evicted : 1;

/* scratch, no part of the state */
hidden byte i, j, k, found;

/* ---- predicates ---- */

#define bit(x) (1 << (x))
#define known(a, n) ((node[a].image >> (2 * (n))) & 3)
#define entryIsLive(a) (node[a].entry != 0 && known(a, put[node[a].entry].at) == node[a].entryInc)
#define leaseIsOver(a) (node[a].lease == 0 || known(a, put[node[a].lease].at) != node[a].writerInc)
#define runs(n) (!node[n].down && node[n].self != 0)

/* Fence.isOpen: its timing argument makes sure that an open fence means a live session. */
#ifdef NO_FENCE
#define fenceIsOpen(a) (!node[a].down)
#else
#define fenceIsOpen(a) (!node[a].down && node[a].self != 0 && node[a].live == node[a].self)
#endif
#define isOpen(a) (node[a].arb == READY && fenceIsOpen(a))

/* OpenPuts: an answer of a lower epoch than the promise is void. */
#ifdef NO_EPOCH_CHECK
#define isVoid(n, e) false
#else
#define isVoid(n, e) ((e) < node[n].promised)
#endif

#ifdef SAME_PROCESS_IS_ENOUGH
#define isForOther(p) false
#else
#define isForOther(p) (put[p].ansInc != node[put[p].at].self)
#endif

#define owes(a, n) (known(a, n) != 0 && !(node[a].heard & bit(n)))
#define isOwed(a) (owes(a, 0) || owes(a, 1) || owes(a, 2))
/* A second copy that is known becomes the first before anything else is decided. */
#define isUndecided(a) (!entryIsLive(a) && node[a].second != 0 && known(a, put[node[a].second].at) == node[a].secondInc)
#define isAbsent(a) (!entryIsLive(a) && !isUndecided(a))
#define isHeld(p, n) (put[p].state == PUBLISHED && put[p].at == n)

/* ---- pieces ---- */

inline clearArbiter(a) {
	node[a].arb = NO; node[a].arbEpoch = 0; node[a].entry = 0; node[a].entryInc = 0; node[a].lease = 0; node[a].writerInc = 0;
	node[a].heard = 0; node[a].second = 0; node[a].secondInc = 0; node[a].denied = 0; node[a].deniedInc = 0; node[a].phase = ASKED;
	node[a].image = 0
}

inline clearAnnouncement(n) {
	node[n].annEpoch = 0; node[n].annInc = 0; node[n].annHeld = 0; node[n].annOpen = 0
}

inline clearAnswer(p) {
	put[p].answer = NO; put[p].ansEpoch = 0; put[p].ansInc = 0
}

/* No second holder among those that count, while the slot is open for puts. */
inline atMostOneHolder() {
	found = 0;
	for (i : 1 .. PUTS) { if :: put[i].state == PUBLISHED && put[i].counted -> found++ :: else fi };
	assert(found <= 1 || leaseNode == NONE || node[leaseNode].arb != READY)
}

/* A record leaves its device. Once a put was acknowledged some device keeps a record of the key. */
inline lose(p) {
	put[p].state = OVER; put[p].counted = false;
	found = 0;
	for (i : 1 .. PUTS) {
		if :: put[i].state == PENDING || put[i].state == PUBLISHED -> found++ :: else fi
	};
	for (i : 1 .. PUTS) { assert(!put[i].acknowledged || found > 0 || evicted) };
	skip
}

inline publish(p) {
	for (j : 1 .. PUTS) {
		if :: j != p && isHeld(j, put[p].at) -> put[p].state = PUBLISHED; lose(j) :: else fi
	};
	put[p].state = PUBLISHED
}

/* Directory.accept: the record is the entry, the put-lease ends. */
inline accept(a, p, inc) {
	node[a].entry = p; node[a].entryInc = inc; node[a].lease = 0; node[a].writerInc = 0
}

/* Announcer.pump: a slot opens for puts when all that are believed live have announced. */
inline openIfHeard(a) {
	if :: node[a].arb == SYNCING && !isOwed(a) -> node[a].arb = READY; atMostOneHolder() :: else fi
}

inline endSettlement(a) {
	node[a].second = 0; node[a].secondInc = 0; node[a].denied = 0; node[a].deniedInc = 0; node[a].phase = ASKED
}

/* The owner hears what became of its order. */
inline endSettlementOf(p) {
	for (j : 0 .. NODES - 1) {
		if :: node[j].phase == ORDERED && node[j].second == p -> endSettlement(j) :: else fi
	};
	skip
}

/* ---- a put ---- */

inline begin(p, n) {
	d_step {
		put[p].state == UNBEGUN && put[p - 1].state != UNBEGUN && runs(n) &&
			!(put[1].state == PUBLISHED && put[1].at == n) && !(put[PUTS].state == PUBLISHED && put[PUTS].at == n) ->
		printf("begin: put %d, node %d\n", p, n);
		put[p].state = ASKING; put[p].at = n
	}
}

inline grant(p, a) {
	d_step {
		put[p].state == ASKING && put[p].answer == NO && isOpen(a) && isAbsent(a) && leaseIsOver(a) &&
			runs(put[p].at) && known(a, put[p].at) == node[put[p].at].self ->
		printf("grant: put %d, owner %d\n", p, a);
		assert(leaseNode == a && epoch == node[a].arbEpoch);
		node[a].lease = p; node[a].writerInc = node[put[p].at].self;
		put[p].answer = GRANTED; put[p].ansEpoch = node[a].arbEpoch; put[p].ansInc = node[put[p].at].self
	}
}

inline exists(p, a) {
	d_step {
		put[p].state == ASKING && put[p].answer == NO && isOpen(a) && entryIsLive(a) && runs(put[p].at) ->
		printf("exists: put %d, owner %d\n", p, a);
		put[p].state = OVER
	}
}

inline takeGrant(p) {
	d_step {
		put[p].state == ASKING && put[p].answer == GRANTED && runs(put[p].at) ->
		printf("takeGrant: put %d\n", p);
		if
		:: isVoid(put[p].at, put[p].ansEpoch) -> skip
		:: else -> put[p].state = WRITING; put[p].token = put[p].ansEpoch
		fi;
		clearAnswer(p)
	}
}

inline write(p) {
	d_step {
		put[p].state == WRITING ->
		printf("write: put %d\n", p);
		put[p].state = PENDING
	}
}

inline giveUp(p) {
	d_step {
		put[p].state == WRITING ->
		printf("giveUp: put %d\n", p);
		put[p].state = OVER; put[p].token = 0
	}
}

inline lapse(a) {
	d_step {
		node[a].lease != 0 && !node[a].down ->
		printf("lapse: owner %d\n", a);
		node[a].lease = 0; node[a].writerInc = 0
	}
}

inline commit(p, a) {
	d_step {
		put[p].state == PENDING && put[p].answer == NO && isOpen(a) && !isUndecided(a) && runs(put[p].at) &&
			known(a, put[p].at) == node[put[p].at].self ->
		printf("commit: put %d, owner %d\n", p, a);
		if
		:: entryIsLive(a) && node[a].entry == p && node[a].entryInc == node[put[p].at].self -> put[p].answer = ACCEPTED
		:: entryIsLive(a) && !(node[a].entry == p && node[a].entryInc == node[put[p].at].self) -> put[p].answer = REJECTED
		:: !entryIsLive(a) && node[a].lease != p && !leaseIsOver(a) -> put[p].answer = REJECTED
		:: else ->
			assert(leaseNode == a && epoch == node[a].arbEpoch);
			for (i : 1 .. PUTS) { assert(i == p || put[i].state != PUBLISHED || !put[i].counted) };
			put[p].answer = ACCEPTED; accept(a, p, node[put[p].at].self)
		fi;
		put[p].ansEpoch = node[a].arbEpoch; put[p].ansInc = node[put[p].at].self
	}
}

inline settle(p) {
	d_step {
		put[p].state == PENDING && put[p].answer != NO && runs(put[p].at) ->
		printf("settle: put %d\n", p);
		if
		:: isVoid(put[p].at, put[p].ansEpoch) || isForOther(p) -> clearAnswer(p)
		:: else ->
			if
			:: put[p].answer == ACCEPTED ->
				publish(p);
				put[p].acknowledged = true;
				put[p].counted = node[put[p].at].live == node[put[p].at].self && !node[put[p].at].missed &&
					(put[p].ansInc == node[put[p].at].live || node[put[p].at].told == epoch);
				atMostOneHolder()
			:: else ->
				put[p].state = DISCARDING;
#ifdef REFUSED_BEFORE_TOMBSTONE
				put[p].refused = true
#endif
			fi;
			clearAnswer(p); put[p].token = 0
		fi
	}
}

inline tombstone(p) {
	d_step {
		(put[p].state == DISCARDING && !put[p].refused || put[p].state == DROPPING) && !node[put[p].at].down ->
		printf("tombstone: put %d\n", p);
		if
		:: put[p].state == DISCARDING ->
			put[p].refused = true;
#ifndef NO_TOMBSTONE
			lose(p)
#endif
		:: else -> lose(p); put[p].order = 0; endSettlementOf(p)
		fi
	}
}

/* A commit that its sender gave up on comes true after it was told otherwise. */
inline lateCommit(p, a) {
	d_step {
		lates > 0 && (put[p].state == DISCARDING || put[p].state == OVER && put[p].refused) && isOpen(a) &&
			isAbsent(a) && leaseIsOver(a) && runs(put[p].at) && known(a, put[p].at) == node[put[p].at].self ->
		printf("lateCommit: put %d, owner %d\n", p, a);
		lates--; accept(a, p, node[put[p].at].self)
	}
}

/* ---- the owner ---- */

inline claim(a) {
	d_step {
		leaseNode == NONE && runs(a) && node[a].live == node[a].self && node[a].arb == NO ->
		printf("claim: owner %d\n", a);
		epoch++; leaseNode = a; leaseInc = node[a].self;
		node[a].arb = SYNCING; node[a].arbEpoch = epoch;
#ifdef STALE_IMAGE
		node[a].image = (node[0].live == 1) | (node[1].live == 1) << 2 | (node[2].live == 1) << 4;
		node[a].image = (node[a].image & ~(3 << (2 * (a)))) | (node[a].live << (2 * (a)));
#else
		node[a].image = node[0].live | node[1].live << 2 | node[2].live << 4;
#endif
		node[0].missed = false; node[1].missed = false; node[2].missed = false
	}
}

inline learn(a, n) {
	d_step {
		node[a].arb != NO && runs(a) && node[a].live == node[a].self && known(a, n) != node[n].live ->
		printf("learn: owner %d, node %d\n", a, n);
		node[a].image = (node[a].image & ~(3 << (2 * (n)))) | (node[n].live << (2 * (n))); node[a].heard = node[a].heard & ~bit(n);
		openIfHeard(a)
	}
}

inline announce(a, n) {
	d_step {
		node[a].arb != NO && !node[a].down && known(a, n) != 0 && !(node[a].heard & bit(n)) && runs(n) &&
			node[n].annEpoch < node[a].arbEpoch && node[n].promised <= node[a].arbEpoch ->
		printf("announce: owner %d, node %d\n", a, n);
#ifndef NO_PROMISE
		node[n].promised = node[a].arbEpoch;
#endif
		node[n].annEpoch = node[a].arbEpoch; node[n].annInc = known(a, n); node[n].annHeld = 0; node[n].annOpen = 0;
		for (i : 1 .. PUTS) {
			if
			:: isHeld(i, n) -> node[n].annHeld = i
			:: put[i].at == n && (put[i].state == WRITING || put[i].state == PENDING) -> node[n].annOpen = node[n].annOpen | bit(i)
			:: else
			fi
		};
		if :: node[n].live == node[n].self -> node[n].told = node[a].arbEpoch :: else fi
	}
}

inline take(a, n) {
	d_step {
		node[a].arb != NO && !node[a].down && node[n].annEpoch == node[a].arbEpoch && !isUndecided(a) ->
		printf("take: owner %d, node %d\n", a, n);
		if
		:: known(a, n) == node[n].annInc ->
			if
			:: node[n].annHeld != 0 && entryIsLive(a) && put[node[a].entry].at != n ->
				if
				:: node[a].second == 0 -> node[a].second = node[n].annHeld; node[a].secondInc = node[n].annInc
				:: else
				fi;
				if :: node[a].arbEpoch == epoch -> put[node[n].annHeld].counted = false :: else fi
#ifdef ANNOUNCED_REPLACES
			:: node[n].annHeld != 0 && !(entryIsLive(a) && put[node[a].entry].at != n) ->
#else
			:: node[n].annHeld != 0 && !entryIsLive(a) ->
#endif
				accept(a, node[n].annHeld, node[n].annInc);
				if
				:: node[a].arbEpoch == epoch && node[n].live == node[n].annInc -> put[node[n].annHeld].counted = true
				:: else
				fi;
				atMostOneHolder()
			:: else
			fi;
			for (i : 1 .. PUTS) {
				if
				:: (node[n].annOpen & bit(i)) && put[i].token < node[a].arbEpoch && !entryIsLive(a) && node[a].lease == 0 ->
					node[a].lease = i; node[a].writerInc = node[n].annInc
				:: else
				fi
			};
			node[a].heard = node[a].heard | bit(n);
			if :: node[a].arbEpoch == epoch -> node[n].missed = false :: else fi;
			openIfHeard(a)
		:: else
		fi;
		clearAnnouncement(n)
	}
}

inline openUnheard(a) {
	d_step {
		unheard > 0 && node[a].arb == SYNCING && !node[a].down && isOwed(a) ->
		printf("openUnheard: owner %d\n", a);
		unheard--; node[a].arb = READY;
		for (j : 0 .. NODES - 1) {
			if
			:: node[a].arbEpoch == epoch && owes(a, j) ->
				node[j].missed = true;
				for (i : 1 .. PUTS) { if :: put[i].at == j -> put[i].counted = false :: else fi }
			:: else
			fi
		};
		atMostOneHolder()
	}
}

#define holds(n) (isHeld(1, n) || isHeld(PUTS, n) || isHeld((PUTS + 1) / 2, n))

/* Count and XOR differ: the node announces again. */
inline repair(a, n) {
	d_step {
		isOpen(a) && (node[a].heard & bit(n)) && runs(n) && known(a, n) == node[n].self && node[a].second == 0 &&
			node[n].annEpoch == 0 && node[n].promised <= node[a].arbEpoch &&
			holds(n) && !(entryIsLive(a) && put[node[a].entry].at == n) &&
			(!entryIsLive(a) || !node[put[node[a].entry].at].down && put[node[a].entry].state != PENDING) ->
		printf("repair: owner %d, node %d\n", a, n);
		node[a].heard = node[a].heard & ~bit(n)
	}
}

/* ---- two copies ---- */

inline promote(a) {
	d_step {
		isUndecided(a) && !node[a].down ->
		printf("promote: owner %d\n", a);
		accept(a, node[a].second, node[a].secondInc);
		if
		:: node[a].arbEpoch == epoch && node[put[node[a].entry].at].live == node[a].entryInc ->
			put[node[a].entry].counted = true
		:: else
		fi;
		endSettlement(a);
		atMostOneHolder()
	}
}

inline confirm(a) {
	d_step {
		node[a].second != 0 && node[a].phase == ASKED && !isUndecided(a) && !node[a].down ->
		printf("confirm: owner %d\n", a);
		if
		:: !entryIsLive(a) || put[node[a].entry].at == put[node[a].second].at ||
				known(a, put[node[a].second].at) != node[a].secondInc -> endSettlement(a)
		:: else ->
#ifdef UNCONFIRMED
			node[a].phase = CONFIRMED
#else
			if
			:: node[put[node[a].entry].at].down -> endSettlement(a)
			:: !node[put[node[a].entry].at].down && put[node[a].entry].state == PENDING ->
#ifdef PENDING_CONFIRMS
				node[a].phase = CONFIRMED
#else
				endSettlement(a)
#endif
			:: !node[put[node[a].entry].at].down && put[node[a].entry].state == PUBLISHED ->
				node[a].phase = CONFIRMED;
#ifndef ORDERS_UNNUMBERED
				for (i : 1 .. PUTS) {
					if :: put[i].at == put[node[a].entry].at && put[i].order == node[a].arbEpoch -> put[i].order = 0 :: else fi
				}
#endif
			:: else -> node[a].phase = DENIED; node[a].denied = node[a].entry; node[a].deniedInc = node[a].entryInc
			fi
#endif
		fi
	}
}

inline replace(a) {
	d_step {
		node[a].phase == DENIED && !node[a].down ->
		printf("replace: owner %d\n", a);
		if :: node[a].entry == node[a].denied && node[a].entryInc == node[a].deniedInc -> node[a].entry = 0; node[a].entryInc = 0 :: else fi;
		if
		:: isUndecided(a) ->
			accept(a, node[a].second, node[a].secondInc);
			if
			:: node[a].arbEpoch == epoch && node[put[node[a].second].at].live == node[a].entryInc -> put[node[a].second].counted = true
			:: else
			fi;
			atMostOneHolder()
		:: else
		fi;
		endSettlement(a)
	}
}

inline orderDrop(a) {
	d_step {
		node[a].phase == CONFIRMED && !node[a].down ->
		printf("orderDrop: owner %d\n", a);
		put[node[a].second].order = node[a].arbEpoch; node[a].phase = ORDERED
	}
}

inline obey(p) {
	d_step {
		put[p].order != 0 && !node[put[p].at].down && put[p].state != PENDING ->
		printf("obey: put %d\n", p);
		if
#ifdef UNPROMISED_OBEYS
		:: put[p].state == PUBLISHED && !isVoid(put[p].at, put[p].order) -> put[p].state = DROPPING
#else
		:: put[p].state == PUBLISHED && !isVoid(put[p].at, put[p].order) && node[put[p].at].promised != 0 -> put[p].state = DROPPING
#endif
			put[p].order = 0
		:: else -> put[p].order = 0; endSettlementOf(p)
		fi
	}
}

/* The owner gives an order up while it is still on its way. */
inline giveUpOrder(a) {
	d_step {
		lates > 0 && node[a].phase == ORDERED && !node[a].down && put[node[a].second].order == node[a].arbEpoch ->
		printf("giveUpOrder: owner %d\n", a);
		lates--; endSettlement(a)
	}
}

/* ---- a record is gone ---- */

inline evict(p) {
	d_step {
		evictions > 0 && put[p].state == PUBLISHED && !node[put[p].at].down ->
		printf("evict: put %d\n", p);
		evictions--; evicted = true; put[p].state = OVER; put[p].counted = false; put[p].gone = node[put[p].at].self
	}
}

/* Gone, or not listed: the holder says that it has no such record. */
inline notThere(a) {
	d_step {
		node[a].arb != NO && !node[a].down && node[a].entry != 0 && put[node[a].entry].gone == 0 && runs(put[node[a].entry].at) &&
			put[node[a].entry].state != PENDING && put[node[a].entry].state != PUBLISHED ->
		printf("notThere: owner %d\n", a);
		put[node[a].entry].gone = node[a].entryInc
	}
}

/* Directory.forget: a compare-and-set on holder, incarnation and stamp. */
inline compareAndForget(p, a) {
	if
#ifdef NO_STAMP
	:: node[a].entry != 0 && put[node[a].entry].at == put[p].at && node[a].entryInc == put[p].gone ->
#else
	:: node[a].entry == p && node[a].entryInc == put[p].gone ->
#endif
		node[a].entry = 0; node[a].entryInc = 0
	:: else
	fi
}

inline forget(p, a) {
	d_step {
		put[p].gone != 0 && node[a].arb != NO && !node[a].down ->
		printf("forget: put %d, owner %d\n", p, a);
		compareAndForget(p, a);
		put[p].gone = 0
	}
}

/* A second word of the same is still on its way. */
inline forgetTwice(p, a) {
	d_step {
		lates > 0 && put[p].gone != 0 && node[a].arb != NO && !node[a].down ->
		printf("forgetTwice: put %d, owner %d\n", p, a);
		lates--;
		compareAndForget(p, a)
	}
}

/* ---- faults and what follows them ---- */

inline loseAnswer(p) {
	d_step {
		losses > 0 && put[p].answer != NO ->
		printf("loseAnswer: put %d\n", p);
		losses--; clearAnswer(p)
	}
}

inline handover(a) {
	d_step {
		handovers > 0 && node[a].arb != NO && leaseNode == a && fenceIsOpen(a) ->
		printf("handover: owner %d\n", a);
		handovers--; clearArbiter(a)
	}
}

inline letGo(a) {
	d_step {
		leaseNode == a && node[a].arb == NO && runs(a) && leaseInc == node[a].self && node[a].live == node[a].self ->
		printf("letGo: owner %d\n", a);
		leaseNode = NONE; leaseInc = 0
	}
}

inline expire(n) {
	d_step {
		node[n].live != 0 && (node[n].down || expiries > 0 && node[n].self == node[n].live) ->
		printf("expire: node %d\n", n);
		if :: !node[n].down -> expiries-- :: else fi;
		if :: leaseNode == n && leaseInc == node[n].live -> leaseNode = NONE; leaseInc = 0 :: else fi;
		node[n].live = 0; node[n].told = 0;
		for (i : 1 .. PUTS) { if :: put[i].at == n -> put[i].counted = false :: else fi };
		skip
	}
}

/* What a process that was killed had in ZooKeeper ends after its successor has registered. */
inline expireOld(n) {
	d_step {
		leaseNode == n && leaseInc != node[n].live ->
		printf("expireOld: node %d\n", n);
		leaseNode = NONE; leaseInc = 0
	}
}

inline crash(n) {
	d_step {
		crashes > 0 && !node[n].down ->
		printf("crash: node %d\n", n);
		crashes--; node[n].down = true; node[n].self = 0; node[n].promised = 0;
		clearArbiter(n); clearAnnouncement(n);
		for (i : 1 .. PUTS) {
			if
			:: put[i].at == n && put[i].state != UNBEGUN ->
				clearAnswer(i); put[i].token = 0;
				if
				:: put[i].state == ASKING || put[i].state == WRITING -> put[i].state = OVER
				:: put[i].state == PUBLISHED || put[i].state == DROPPING -> endSettlementOf(i)
				:: else
				fi
			:: else
			fi
		};
		skip
	}
}

/* Recovery: every durable record without a durable tombstone is visible, the newest of a key. */
inline restart(n) {
	d_step {
		node[n].down ->
		printf("restart: node %d\n", n);
		node[n].down = false;
		for (k : 1 .. PUTS) {
			if
			:: put[k].at == n && put[k].state >= PENDING && put[k].state != OVER ->
				assert(!put[k].refused);
				publish(k); put[k].counted = false
			:: else
			fi
		};
		skip
	}
}

/* A session begins: what the last one held is void. */
inline register(n) {
	d_step {
		!node[n].down && (node[n].self == 0 || node[n].live != node[n].self) ->
		printf("register: node %d\n", n);
		clearArbiter(n);
		node[n].lastInc++; node[n].live = node[n].lastInc; node[n].self = node[n].lastInc; node[n].told = 0;
		for (i : 1 .. PUTS) { if :: put[i].at == n -> put[i].counted = false :: else fi };
		skip
	}
}

inline faultsStop() {
	d_step {
		handovers + expiries + crashes + losses + lates + unheard + evictions > 0 ->
		printf("faultsStop\n");
		handovers = 0; expiries = 0; crashes = 0; losses = 0; lates = 0; unheard = 0; evictions = 0
	}
}

inline settled() {
	d_step {
		found = 0;
		for (i : 0 .. NODES - 1) {
			assert(!node[i].down && node[i].live == node[i].self);
			if :: leaseNode == i -> assert(node[i].arb == READY) :: else fi
		};
		assert(leaseNode != NONE && node[leaseNode].heard == 7);
		for (i : 1 .. PUTS) {
#ifndef NO_TOMBSTONE
			assert(put[i].state == OVER || put[i].state == PUBLISHED);
#endif
			if :: put[i].state == PUBLISHED -> found++; assert(node[leaseNode].entry == i) :: else fi
		};
		assert(found <= 1);
		for (i : 1 .. PUTS) { assert(!put[i].acknowledged || found == 1 || evicted) };
		skip
	}
}

/* ---- every transition with every argument ---- */

#define EACH_NODE(t) :: t(0) :: t(1) :: t(2)
#define EACH_PAIR(t) :: t(0, 0) :: t(0, 1) :: t(0, 2) :: t(1, 0) :: t(1, 1) :: t(1, 2) \
	:: t(2, 0) :: t(2, 1) :: t(2, 2)
#if PUTS == 2
#define EACH_PUT(t) :: t(1) :: t(2)
#define EACH_PUT_AND_NODE(t) :: t(1, 0) :: t(1, 1) :: t(1, 2) :: t(2, 0) :: t(2, 1) :: t(2, 2)
#else
#define EACH_PUT(t) :: t(1) :: t(2) :: t(3)
#define EACH_PUT_AND_NODE(t) :: t(1, 0) :: t(1, 1) :: t(1, 2) :: t(2, 0) :: t(2, 1) :: t(2, 2) \
	:: t(3, 0) :: t(3, 1) :: t(3, 2)
#endif

/*
 * At first node 0 owns the slot and has heard the others. The first put is asked for by the owner or
 * by another: nodes 1 and 2 are alike.
 */
init {
	d_step {
		for (i : 0 .. NODES - 1) {
			node[i].live = 1; node[i].lastInc = 1; node[i].self = 1; node[i].promised = 1; node[i].told = 1
		};
		epoch = 1; leaseNode = 0; leaseInc = 1;
		node[0].arb = READY; node[0].arbEpoch = 1; node[0].heard = 7; node[0].image = 1 | 1 << 2 | 1 << 4;
		put[1].state = ASKING
	};
	if
	:: put[1].at = 0
	:: put[1].at = 1
	fi;
	do
	EACH_PUT_AND_NODE(begin)
	EACH_PUT_AND_NODE(grant)
	EACH_PUT_AND_NODE(exists)
	EACH_PUT(takeGrant)
	EACH_PUT(write)
	EACH_PUT(giveUp)
	EACH_PUT_AND_NODE(commit)
	EACH_PUT(settle)
	EACH_PUT(tombstone)
	EACH_PUT_AND_NODE(lateCommit)
	EACH_NODE(lapse)
	EACH_NODE(claim)
	EACH_PAIR(learn)
	EACH_PAIR(announce)
	EACH_PAIR(take)
	EACH_NODE(openUnheard)
	EACH_PAIR(repair)
	EACH_NODE(promote)
	EACH_NODE(confirm)
	EACH_NODE(replace)
	EACH_NODE(orderDrop)
	EACH_PUT(obey)
	EACH_NODE(giveUpOrder)
	EACH_PUT(evict)
	EACH_NODE(notThere)
	EACH_PUT_AND_NODE(forget)
	EACH_PUT_AND_NODE(forgetTwice)
	EACH_PUT(loseAnswer)
	EACH_NODE(handover)
	EACH_NODE(letGo)
	EACH_NODE(expire)
	EACH_NODE(expireOld)
	EACH_NODE(crash)
	EACH_NODE(restart)
	EACH_NODE(register)
	:: faultsStop()
	:: else -> break
	od;
	settled()
}
