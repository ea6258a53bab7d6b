/**
 * The records of this node: {@link io.larder.node.router.holder.LocalRecords} may be read; {@link
 * io.larder.node.router.holder.PendingCommits} are written and wait for their owner's decision,
 * which a {@link io.larder.node.router.holder.Claim} asks for; {@link
 * io.larder.node.router.holder.Withdrawals} were given up. {@link
 * io.larder.node.router.holder.HolderAnswers} answers the owners' questions about them.
 */
@NullMarked
package io.larder.node.router.holder;

import org.jspecify.annotations.NullMarked;
