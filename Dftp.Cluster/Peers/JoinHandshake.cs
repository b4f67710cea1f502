using System.Net;
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
        var by = new Introducer(IntroducerKind.Gossip, SourceOf(address, answer.Me));
        var namesAll = true;
        foreach (var known in answer.Peers)
        {
            if (known.Name == context.Options.NodeName || known.ManagementAddress.Port == 0) continue;
            namesAll &= context.Peers.Introduce(known.Name, new PeerEvent.Introduced(known), by) is not null;
        }

        // Under a flood the stranger that answers may have been replaced by another one meanwhile. It has answered, so it is added again.
        for (var tries = 0; tries < 2 && context.Peers.GetOrAdd(answer.Me.Name) is { } peer; tries++)
        {
            var transition = context.Peers.Apply(peer, new PeerEvent.Answered(
                address, answer.Me, answer.KnownDigest, wasAsked, namesAll, context.Peers.DigestInTree(peer.Name)));
            if (transition.After.State == PeerState.Forgotten) continue;
            LogMeeting(transition);
            return;
        }
    }

    /// <summary>
    /// Handles the response of another node than the greeted one. A member is heard; another node is only introduced, because one host
    /// could answer each greeting with a new name.
    /// </summary>
    public void AnsweredAnother(HostPort address, ClusterAnswer answer)
    {
        if (context.Peers.Find(answer.Me.Name) is { Facts.IsStranger: false }) Answered(address, answer, wasAsked: false);
        else if (Refusal(answer.Me, answer.ClusterName) is null && !IsMyself(answer.Me))
            Announced(answer.Me.Name, HostPort.From(SourceOf(address, answer.Me), address.Port));
    }

    /// <summary>Handles a greeting.</summary>
    /// <returns>Null if it is accepted.</returns>
    public GreetingRefusal? Greeted(Greeting greeting)
    {
        var caller = greeting.Caller;
        if (IsMyself(caller)) return null;
        if (Refusal(caller, greeting.ClusterName) is { } refusal) return new(refusal);
        if (greeting.IsLeaving)
        {
            if (context.Peers.Find(caller.Name) is { } leaving
                && context.Peers.Apply(leaving, new PeerEvent.SaidGoodbye(caller.State?.Incarnation)).Enters(PeerState.Left))
                context.Log.PeerLeft(caller.Name);
            return null;
        }

        var source = SourceOf(caller.ManagementAddress, caller);
        if (context.Peers.Find(caller.Name) is not { Facts.IsStranger: false }
            && context.Limits.StrangersGreetings.Take(source) is { } retryAfter)
        {
            const string reason = "too many nodes at this address that are no members";
            LogRefused(caller.Name, caller.ManagementAddress, reason);
            return new(reason, retryAfter);
        }

        var happened = new PeerEvent.Greeted(
            caller, greeting.KnownDigest, greeting.RequestsFullUpdate, context.Peers.DigestInTree(caller.Name));
        return Introduce(caller.Name, happened, new(IntroducerKind.Greeting, source)) ? null : new("too many nodes");
    }

    /// <summary>Handles an announcement: the node is greeted.</summary>
    /// <param name="name">The node.</param>
    /// <param name="managementAddress">Its management interface, at the address from which the announcement came.</param>
    public void Announced(NodeName name, HostPort managementAddress)
    {
        if (!IPAddress.TryParse(managementAddress.Host, out var source)) return;
        if (context.Peers.Find(name) is null && context.Limits.NewAnnouncements.Take(source) is not null)
            LogRefused(name, managementAddress, "too many new names announced by this address");
        else Introduce(name, new PeerEvent.Announced(managementAddress), new(IntroducerKind.Announcement, source));
    }

    /// <returns>False if there is no room.</returns>
    private bool Introduce(NodeName name, PeerEvent happened, Introducer by)
    {
        if (context.Peers.Introduce(name, happened, by) is { } transition)
        {
            LogMeeting(transition);
            return true;
        }

        LogRefused(name, HostPort.From(by.Source, 0), "too many nodes");
        return false;
    }

    /// <summary>The address of an exchange; that of the node's own description if the exchange was with a host name.</summary>
    private static IPAddress SourceOf(HostPort address, NodeDescription node) =>
        IPAddress.TryParse(address.Host, out var source) || IPAddress.TryParse(node.ManagementAddress.Host, out source)
            ? source : IPAddress.None;

    private void LogRefused(NodeName node, HostPort address, string reason)
    {
        if (context.Limits.RefusedLog.Passes(out var more)) context.Log.Refused(node, address.ToString(), reason, more);
    }

    private bool IsMyself(NodeDescription node) =>
        node.Name == context.Options.NodeName && node.State?.Incarnation == context.Own.Incarnation;

    /// <summary>The reason why a node cannot be a peer; null if it can.</summary>
    private string? Refusal(NodeDescription node, string? clusterName)
    {
        if (!string.IsNullOrEmpty(clusterName) && clusterName != context.Options.ClusterName)
        {
            LogRefused(node.Name, node.ManagementAddress, $"its cluster is {clusterName}, ours is {context.Options.ClusterName}");
            return $"this node is in the cluster {context.Options.ClusterName}, not {clusterName}";
        }

        if (IsMyself(node)) return null;
        if (HasOtherCertificate(node))
        {
            var refused = Door.Refusal.OtherCertificate(node.Name);
            context.Door.Refusals.Add(refused, "a greeting", node.ManagementAddress.ToString());
            return refused.Sentence;
        }

        if (node.Name == context.Options.NodeName || IsTaken(node))
        {
            if (context.Limits.SameNameLog.Passes(out var more)) context.Log.SameName(node.Name, node.ManagementAddress.ToString(), more);
            return $"a node called {node.Name} is already in the cluster: start one of the two with another --node-name";
        }

        return null;
    }

    /// <summary>
    /// Whether a node of that name is known by another certificate. One that was made for the start before may be replaced.
    /// </summary>
    private bool HasOtherCertificate(NodeDescription node) =>
        context.Door.Certificate is not null && context.Peers.Find(node.Name)?.Facts.Certificate is { } known
        && node.Certificate != known && (known.IsLasting || node.Certificate is null);

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

/// <summary>A greeting that is not accepted.</summary>
/// <param name="Sentence">For the sender.</param>
/// <param name="RetryAfter">When a retry can succeed; null if it cannot.</param>
internal sealed record GreetingRefusal(string Sentence, TimeSpan? RetryAfter = null);
