using Dftp.FileSystem;

namespace Dftp.Cluster.Peers;

/// <summary>Handles greetings and the responses to ours, and decides whether the other node becomes a peer.</summary>
internal sealed class JoinHandshake(MembershipContext context)
{
    /// <summary>Greets a node of which only the address is known.</summary>
    /// <returns>The name of the node; or null and the reason why it did not become a peer.</returns>
    public async Task<(NodeName? Node, string Reason)> GreetAsync(HostPort address, CancellationToken cancellationToken)
    {
        var reply = await context.Client.GreetAsync(
            address, peer: null, context.Me(), requestFullUpdate: true, isLeaving: false, knownDigest: null, cancellationToken);
        if (reply.Answer is not { } answer) return (null, reply.Reason);
        if (Refusal(answer.Me, answer.ClusterName) is { } refusal) return (null, refusal);
        if (IsMyself(answer.Me)) return (null, $"{address} is this node itself");
        Answered(address, answer, wasAsked: true);
        return (answer.Me.Name, "");
    }

    /// <summary>
    /// Handles the response to a greeting: the responding node becomes a peer, and the nodes that it knows are greeted too.
    /// </summary>
    /// <param name="address">The address that was greeted.</param>
    /// <param name="answer">The response.</param>
    /// <param name="wasAsked">Whether the greeting requested a full update.</param>
    public void Answered(HostPort address, ClusterAnswer answer, bool wasAsked)
    {
        if (Refusal(answer.Me, answer.ClusterName) is not null || IsMyself(answer.Me)) return;
        // First the nodes it knows: once it has joined, the tree counts as complete if none of them is missing.
        foreach (var known in answer.Peers)
        {
            if (known.Name == context.Options.NodeName || known.ManagementAddress.Port == 0) continue;
            Introduce(known, isOwnWord: false);
        }

        if (context.Peers.GetOrAdd(answer.Me.Name) is not { } peer
            || Meet(peer, answer.Me, answer.KnownDigest, isAnswer: true, wasAsked) is not { } met) return;
        peer.Change(now => now with { HasAnsweredGreeting = true });
        if (met.IsLegacy) peer.PushNow.Raise();
    }

    /// <summary>Handles a greeting.</summary>
    /// <returns>Null if it is accepted; otherwise a sentence for the sender.</returns>
    public string? Greeted(Greeting greeting)
    {
        var caller = greeting.Caller;
        if (IsMyself(caller)) return null;
        if (Refusal(caller, greeting.ClusterName) is { } refusal) return refusal;
        if (greeting.IsLeaving)
        {
            if (context.Peers.Find(caller.Name) is { } leaving && leaving.Facts.Epoch == caller.State?.Epoch
                && context.Peers.Leave(leaving))
                context.Log.PeerLeft(caller.Name);
            return null;
        }

        if (context.Peers.GetOrAdd(caller.Name) is not { } peer) return "too many nodes";
        if (Meet(peer, caller, greeting.KnownDigest, isAnswer: false, wasAsked: false) is not { } facts) return null;
        context.Peers.Greeted(peer);
        if (greeting.RequestsFullUpdate)
        {
            peer.Change(now => now with { WantsFullUpdate = true });
            peer.PushNow.Raise();
        }

        // A node that introduces itself by a greeting is greeted back with a request for a full update.
        if (context.Peers.AsksForFullUpdate(facts)) peer.PingNow.Raise();
        return null;
    }

    /// <summary>Records a node that announced itself or was named by a peer, and greets it unless it is well known.</summary>
    public void Introduce(NodeDescription node, bool isOwnWord)
    {
        if (context.Peers.GetOrAdd(node.Name) is not { } peer) return;
        var isAway = !peer.Facts.IsPresent;
        context.Peers.Introduce(peer, node, isOwnWord);
        // An announcement may mean that the node restarted. A greeting detects that now rather than at the next ping.
        if (isAway || isOwnWord) peer.PingNow.Raise();
    }

    private bool IsMyself(NodeDescription node) => node.Name == context.Options.NodeName && node.State?.Epoch == context.Own.Epoch;

    /// <summary>The reason why a node cannot be a peer; null if it can.</summary>
    private string? Refusal(NodeDescription node, string? clusterName)
    {
        if (!string.IsNullOrEmpty(clusterName) && clusterName != context.Options.ClusterName)
        {
            context.Log.Refused(
                node.Name, node.ManagementAddress.ToString(), $"its cluster is {clusterName}, ours is {context.Options.ClusterName}");
            return $"this node is in the cluster {context.Options.ClusterName}, not {clusterName}";
        }

        if (IsMyself(node)) return null;
        if (node.Name == context.Options.NodeName || IsTaken(node))
        {
            context.Log.SameName(node.Name, node.ManagementAddress.ToString());
            return $"a node called {node.Name} is already in the cluster: start one of the two with another --node-name";
        }

        return null;
    }

    /// <summary>Whether another node of that name, at another address, answered recently. If it does not answer, it has moved.</summary>
    private bool IsTaken(NodeDescription node) =>
        context.Peers.Find(node.Name) is { Facts: { State: PeerState.Alive, Epoch: > 0 } known } peer
        && node.State is { } state && state.Epoch != known.Epoch
        && known.ManagementAddress != node.ManagementAddress
        && context.Peers.SilenceOf(peer) < 2 * context.Options.PingInterval;

    /// <summary>Whether the peer is known from before this node's start and answers for the first time since.</summary>
    private static bool IsMetAgain(PeerFacts before) =>
        before is { State: PeerState.Suspect, IsInTree: false, LastFullUpdateReceived: 0, Epoch: 0 };

    /// <returns>Its facts now; null while it is unclear whether this is from its latest start.</returns>
    private PeerFacts? Meet(Peer peer, NodeDescription node, ulong? knownDigest, bool isAnswer, bool wasAsked)
    {
        if (context.Peers.Doubts(peer, node, isAnswer))
        {
            peer.PingNow.Raise();
            return null;
        }

        var (before, after) = context.Peers.Meet(peer, node, knownDigest, wasAsked);
        if (before.State is PeerState.Unmet or PeerState.Away || IsMetAgain(before))
            context.Log.PeerJoined(node.Name, node.ManagementAddress);
        else if (before.Epoch != after.Epoch) context.Log.PeerRestarted(node.Name, node.ManagementAddress);
        return after;
    }
}
