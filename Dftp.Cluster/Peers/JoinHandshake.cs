using Dftp.FileSystem;

namespace Dftp.Cluster.Peers;

/// <summary>
/// Handles introductions, greetings and the responses to ours, and decides which nodes become peers. The handshake takes a greeting in
/// both directions: a node that only greets this one is not a member yet.
/// </summary>
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
            if (context.Peers.GetOrAdd(known.Name) is { } named) context.Peers.Apply(named, new PeerEvent.Introduced(known));
        }

        if (context.Peers.GetOrAdd(answer.Me.Name) is not { } peer) return;
        LogMeeting(context.Peers.Apply(peer, new PeerEvent.Answered(
            address, answer.Me, answer.KnownDigest, wasAsked, NamesAll: true, context.Peers.DigestInTree(peer.Name))));
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
            if (context.Peers.Find(caller.Name) is { } leaving
                && context.Peers.Apply(leaving, new PeerEvent.SaidGoodbye(caller.State?.Incarnation)).Enters(PeerState.Left))
                context.Log.PeerLeft(caller.Name);
            return null;
        }

        if (context.Peers.GetOrAdd(caller.Name) is not { } peer) return "too many nodes";
        LogMeeting(context.Peers.Apply(peer, new PeerEvent.Greeted(
            caller, greeting.KnownDigest, greeting.RequestsFullUpdate, context.Peers.DigestInTree(peer.Name))));
        return null;
    }

    /// <summary>Records a node that announced itself, and greets it.</summary>
    public void Announced(NodeName name, HostPort managementAddress)
    {
        if (context.Peers.GetOrAdd(name) is { } peer) context.Peers.Apply(peer, new PeerEvent.Announced(managementAddress));
    }

    private bool IsMyself(NodeDescription node) =>
        node.Name == context.Options.NodeName && node.State?.Incarnation == context.Own.Incarnation;

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
        context.Peers.Find(node.Name) is { Facts: { State: PeerState.Alive, Incarnation: > 0 } known } peer
        && node.State is { } state && state.Incarnation != known.Incarnation
        && known.ManagementAddress != node.ManagementAddress
        && context.Peers.SilenceOf(peer) < 2 * context.Options.PingInterval;

    private void LogMeeting(Transition transition)
    {
        var facts = transition.After;
        if (transition.Has(PeerEffects.Joined)) context.Log.PeerJoined(facts.Name, facts.ManagementAddress!);
        else if (transition.Has(PeerEffects.Restarted)) context.Log.PeerRestarted(facts.Name, facts.ManagementAddress!);
    }
}
