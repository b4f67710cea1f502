using Dftp.Cluster.Replication;

namespace Dftp.Cluster.Peers;

/// <summary>Pushes updates to one peer, from its first answer until it is forgotten.</summary>
internal sealed class PushLoop(Peer peer, MembershipContext context)
{
    /// <summary>
    /// The pause after a push that the peer could not use or did not accept: long enough to spare it, short compared to a ping.
    /// </summary>
    private static readonly TimeSpan RetryPush = TimeSpan.FromSeconds(1);

    /// <summary>The pause between two updates to a legacy node, so that <see cref="LegacyStamps"/> do not run ahead of the clock.</summary>
    private static readonly TimeSpan LegacyPause = TimeSpan.FromSeconds(1);

    private readonly PeerUpdates _updates = new(peer, context);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var pause = context.Options.FullUpdateInterval;
        while (peer.Facts.State != PeerState.Forgotten)
        {
            await peer.PushNow.WaitAsync(pause, context.Time, cancellationToken);
            pause = await PushAllAsync(cancellationToken) ? context.Options.FullUpdateInterval : RetryPush;
        }
    }

    /// <returns>False if something is left to be sent.</returns>
    private async Task<bool> PushAllAsync(CancellationToken cancellationToken)
    {
        while (_updates.Next() is { } next)
        {
            var started = context.Time.GetTimestamp();
            using var present = CancellationTokenSource.CreateLinkedTokenSource(peer.Presence, cancellationToken);
            OutgoingUpdate update;
            PeerReply reply;
            try
            {
                (update, reply) = await SendAsync(next, present.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return true;
            }

            if (!_updates.Answered(update, reply)) return false;
            if (update.Header.IsFull && reply.Outcome == PeerOutcome.Done)
                context.Log.PushedFull(peer.Name, update.Files, context.Time.GetElapsedTime(started).TotalMilliseconds);
            if (update.Header.Repair is { } repair && reply.Outcome == PeerOutcome.Done)
            {
                context.Log.Repaired(
                    peer.Name, update.Changes.Count, repair.Ranges.Count, context.Time.GetElapsedTime(started).TotalMilliseconds);
            }

            if (update.ToLegacy) await Task.Delay(LegacyPause, context.Time, cancellationToken);
        }

        return true;
    }

    /// <summary>Sends an update. If it has a search, first asks the peer, and sends only what differs if that is little.</summary>
    /// <returns>The update that was sent, and the reply to it; or the update with the search, and the failure of a question.</returns>
    private async Task<(OutgoingUpdate Update, PeerReply Reply)> SendAsync(OutgoingUpdate update, CancellationToken cancellationToken)
    {
        if (update.Search is { } search)
        {
            while (search.Question is { } question)
            {
                var asked = await context.Client.AskAsync(update.To, peer, question, cancellationToken);
                if (asked.Outcome == PeerOutcome.Unreachable) return (update, asked);
                // Not on the thread of the connection: it visits all entries.
                await Task.Run(() => search.Take(asked.Ranges), cancellationToken);
            }

            update = await Task.Run(() => _updates.Searched(update), cancellationToken);
        }

        return (update, await context.Client.PushAsync(update.To, peer, !update.ToLegacy, update.WriteBodyAsync, cancellationToken));
    }
}
