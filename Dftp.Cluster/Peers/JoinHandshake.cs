using Dftp.FileSystem;

namespace Dftp.Cluster.Peers;

/// <summary>Who meets whom: takes greetings and the answers to ours, and decides whether the other is a peer.</summary>
internal sealed class JoinHandshake(MembershipContext context)
{
    /// <summary>Greets a node of which only the address is known.</summary>
    /// <returns>Its name; or null and why it did not become a peer.</returns>
    public async Task<(NodeName? Node, string Reason)> GreetAsync(HostPort address, CancellationToken cancellationToken)
    {
        var reply = await context.Client.GreetAsync(address, context.Me(), requestFullUpdate: true, isLeaving: false, knownDigest: null, cancellationToken);
        if (reply.Answer is not { } answer) return (null, reply.Reason);
        if (Refusal(answer.Me, answer.ClusterName) is { } refusal) return (null, refusal);
        if (IsMyself(answer.Me)) return (null, $"{address} is this node itself");
        Answered(address, answer, wasAsked: true);
        return (answer.Me.Name, "");
    }

    /// <summary>Takes the answer to a greeting: the one that gave it is a peer, and those that it knows are greeted too.</summary>
    /// <param name="address">The address that was greeted.</param>
    /// <param name="answer">Its answer.</param>
    /// <param name="wasAsked">The greeting asked for a full update.</param>
    public void Answered(HostPort address, ClusterAnswer answer, bool wasAsked)
    {
        if (Refusal(answer.Me, answer.ClusterName) is not null || IsMyself(answer.Me)) return;
        // First those that it knows: once it has joined, the tree is taken for whole when none of them is missing.
        foreach (var known in answer.Peers)
        {
            if (known.Name == context.Options.NodeName || known.ManagementAddress.Port == 0) continue;
            Introduce(known, isOwnWord: false);
        }

        if (context.Peers.GetOrAdd(answer.Me.Name) is not { } peer || Meet(peer, answer.Me, answer.KnownDigest, isAnswer: true, wasAsked) is not { } met) return;
        peer.Change(now => now with { HasAnsweredGreeting = true });
        if (met.IsLegacy) peer.PushNow.Raise();
    }

    /// <summary>Takes a greeting.</summary>
    /// <returns>Null when it is accepted; otherwise a sentence for the caller.</returns>
    public string? Greeted(Greeting greeting)
    {
        var caller = greeting.Caller;
        if (IsMyself(caller)) return null;
        if (Refusal(caller, greeting.ClusterName) is { } refusal) return refusal;
        if (greeting.IsLeaving)
        {
            if (context.Peers.Find(caller.Name) is { } leaving && leaving.Facts.Epoch == caller.State?.Epoch && context.Peers.Leave(leaving))
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

        // A node that introduces itself by a greeting is greeted back and asked for a full update.
        if (context.Peers.AsksForFullUpdate(facts)) peer.PingNow.Raise();
        return null;
    }

    /// <summary>Takes note of a node that announced itself or was named by a peer, and greets it unless it is well known.</summary>
    public void Introduce(NodeDescription node, bool isOwnWord)
    {
        if (context.Peers.GetOrAdd(node.Name) is not { } peer) return;
        var isAway = !peer.Facts.IsPresent;
        context.Peers.Introduce(peer, node, isOwnWord);
        // Its own word may mean that it has started again, which is then known at once rather than at the next ping.
        if (isAway || isOwnWord) peer.PingNow.Raise();
    }

    private bool IsMyself(NodeDescription node) => node.Name == context.Options.NodeName && node.State?.Epoch == context.Own.Epoch;

    /// <summary>Why a node cannot be a peer, or null.</summary>
    private string? Refusal(NodeDescription node, string? clusterName)
    {
        if (!string.IsNullOrEmpty(clusterName) && clusterName != context.Options.ClusterName)
        {
            context.Log.Refused(node.Name, node.ManagementAddress.ToString(), $"its cluster is {clusterName}, ours is {context.Options.ClusterName}");
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

    /// <summary>Whether a node of that name is known that lives elsewhere and answered lately. One that does not answer has moved.</summary>
    private bool IsTaken(NodeDescription node) =>
        context.Peers.Find(node.Name) is { Facts: { State: PeerState.Alive, Epoch: > 0 } known } peer
        && node.State is { } state && state.Epoch != known.Epoch
        && known.ManagementAddress != node.ManagementAddress
        && context.Peers.SilenceOf(peer) < 2 * context.Options.PingInterval;

    /// <summary>Whether it is known from before this node's start, and answers for the first time since.</summary>
    private static bool IsMetAgain(PeerFacts before) => before is { State: PeerState.Suspect, IsInTree: false, LastFullUpdateReceived: 0, Epoch: 0 };

    /// <returns>What is known of it now; null while it is in doubt whether it said so lately.</returns>
    private PeerFacts? Meet(Peer peer, NodeDescription node, ulong? knownDigest, bool isAnswer, bool wasAsked)
    {
        if (context.Peers.Doubts(peer, node, isAnswer))
        {
            peer.PingNow.Raise();
            return null;
        }

        var (before, after) = context.Peers.Meet(peer, node, knownDigest, wasAsked);
        if (before.State is PeerState.Unmet or PeerState.Away || IsMetAgain(before)) context.Log.PeerJoined(node.Name, node.ManagementAddress);
        else if (before.Epoch != after.Epoch) context.Log.PeerRestarted(node.Name, node.ManagementAddress);
        return after;
    }
}
