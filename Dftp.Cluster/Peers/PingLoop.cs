namespace Dftp.Cluster.Peers;

/// <summary>Pings one peer, from its introduction until it is forgotten. Pings of strangers wait for a slot.</summary>
internal sealed class PingLoop(Peer peer, MembershipContext context)
{
    private readonly PeerPresence _presence = new(peer, context);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var wasWoken = true;
        while (peer.Facts.State != PeerState.Forgotten)
        {
            if (wasWoken || _presence.IsPingDue) await PingAsync(cancellationToken);
            wasWoken = await peer.PingNow.WaitAsync(_presence.NextPing, context.Time, cancellationToken);
        }
    }

    private async Task PingAsync(CancellationToken cancellationToken)
    {
        if (peer.Facts.ManagementAddress is not { } address) return;
        var isAnnouncedOnly = peer.Facts is { IsGossiped: false, LastGreeting: null };
        using var slot = peer.Facts.IsStranger
            ? await context.StrangerSlots.EnterAsync(address.Host, isAnnouncedOnly, cancellationToken)
            : null;
        if (peer.Facts.State == PeerState.Forgotten) return;
        var needsFull = _presence.AsksForFullUpdate;
        var reply = await context.Client.GreetAsync(
            address, peer, context.Me(), needsFull, isLeaving: false, context.Peers.DigestOf(peer.Name), cancellationToken);
        _presence.Answered(address, needsFull, reply);
    }
}
