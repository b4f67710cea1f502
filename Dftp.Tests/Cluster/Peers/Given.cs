using System.Buffers;
using System.IO.Pipelines;
using Dftp.Cluster;
using Dftp.Cluster.Index;
using Dftp.Cluster.Peers;
using Dftp.Cluster.Replication;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Convergence;

namespace Dftp.Tests.Cluster.Peers;

/// <summary>A node called n whose clock stands still, and what a peer called p does towards it.</summary>
internal static class Given
{
    public static readonly NodeName Peer = NodeName.Parse("p");

    public static readonly HostPort Address = new("10.0.0.2", 7000);

    public static NodeParts Node(SimulatedClock clock, RunningTime? running = null, int smallestRepair = 1000) =>
        new(new ClusterOptions { NodeName = NodeName.Parse("n"), ClusterName = "home", SmallestRepair = smallestRepair }, new HostPort("10.0.0.1", 7000), clock, running);

    public static NodeDescription Description(AnnouncedState? state, HostPort? address = null) => new(Peer, address ?? Address, address ?? Address, state);

    public static Greeting Greeting(AnnouncedState? state, HostPort? address = null, bool requests = false, bool isLeaving = false, ulong? knownDigest = null) =>
        new(Description(state, address), "home", requests, isLeaving, knownDigest);

    public static AnnouncedState State(long incarnation, long sequence = 0, ulong digest = 0) => new(incarnation, sequence, digest);

    public static EntryChange File(string path, long size = 1, uint changed = 1) =>
        EntryChange.Put(VirtualPath.Parse(path), new FileFacts(size, UnixTime.FromSeconds(5), 0b110_100_100, Stamp.FromSeconds(changed)));

    /// <summary>The peer greets the node and answers its greeting.</summary>
    public static void Meet(NodeParts node, AnnouncedState? state, HostPort? address = null, bool requests = false, ulong? knownDigest = null)
    {
        Assert.IsNull(node.JoinHandshake.Greeted(Greeting(state, address, requests, knownDigest: knownDigest)));
        Answers(node, state, address, knownDigest);
    }

    /// <summary>The peer answers a greeting of the node.</summary>
    public static void Answers(NodeParts node, AnnouncedState? state, HostPort? address = null, ulong? knownDigest = null) =>
        node.JoinHandshake.Answered(address ?? Address, new ClusterAnswer("home", Description(state, address), [], knownDigest), wasAsked: false);

    /// <summary>The peer has been silent for too long.</summary>
    public static Transition Dies(NodeParts node) => node.Peers.Apply(node.Peers.Find(Peer)!, new PeerEvent.Silent());

    /// <summary>A peer that is alive and serves its files on a port of this machine.</summary>
    public static Peer AlivePeer(string name, int publicPort, bool isLegacy = true) => new(new PeerFacts
    {
        Name = NodeName.Parse(name),
        State = PeerState.Alive,
        PublicAddress = new HostPort("127.0.0.1", publicPort),
        IsLegacy = isLegacy,
    });

    /// <summary>A peer without a table dies.</summary>
    public static void Die(this Peer peer) => peer.Take(new PeerEvent.Silent(), default);

    /// <summary>The peer pushes all that it holds.</summary>
    public static Task<(UpdateOutcome Outcome, string Reason)> PushFullAsync(NodeParts node, long incarnation, long sequence, params EntryChange[] entries) =>
        PushAsync(node, isFull: true, new UpdatePosition(incarnation, sequence, sequence), entries);

    /// <summary>The peer pushes changes.</summary>
    public static Task<(UpdateOutcome Outcome, string Reason)> PushChangesAsync(NodeParts node, long incarnation, long since, long sequence, params EntryChange[] changes) =>
        PushAsync(node, isFull: false, new UpdatePosition(incarnation, sequence, since), changes);

    /// <summary>The peer pushes changes of a state that the node may know.</summary>
    public static Task<(UpdateOutcome Outcome, string Reason)> PushChangesOfAsync(
        NodeParts node, ulong digest, long incarnation, long since, long sequence, params EntryChange[] changes) =>
        PushAsync(node, isFull: false, new UpdatePosition(incarnation, sequence, since), changes, digest);

    private static async Task<(UpdateOutcome Outcome, string Reason)> PushAsync(
        NodeParts node, bool isFull, UpdatePosition position, EntryChange[] changes, ulong? sinceDigest = null)
    {
        using var message = new MemoryStream();
        var writer = PipeWriter.Create(message, new StreamPipeWriterOptions(leaveOpen: true));
        await UpdateWriter.WriteChangesAsync(writer, new UpdateHeader(Peer, isFull, 1, position, sinceDigest), changes, toLegacy: false, default);
        await writer.CompleteAsync();
        return await node.Receiver.ReceiveAsync(PipeReader.Create(new ReadOnlySequence<byte>(message.ToArray())), node.Peers.Find(Peer), () => Task.CompletedTask, default);
    }
}
