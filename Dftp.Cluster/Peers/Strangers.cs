using System.Net;
using System.Net.Sockets;
using Dftp.FileSystem;

namespace Dftp.Cluster.Peers;

/// <summary>How this node heard of another one, in the order of trust.</summary>
internal enum IntroducerKind
{
    /// <summary>A datagram. Its source address can be forged.</summary>
    Announcement,

    /// <summary>A greeting, over a connection.</summary>
    Greeting,

    /// <summary>The word of a member.</summary>
    Gossip,
}

/// <summary>Who introduced a node.</summary>
/// <param name="Kind">How.</param>
/// <param name="Source">The address from which the introduction came; that of the member for gossip.</param>
internal readonly record struct Introducer(IntroducerKind Kind, IPAddress Source);

/// <summary>
/// The nodes that were introduced and never reached. Anybody can introduce any number of names, so there is a limit for each source and one
/// in all. A newcomer replaces the oldest stranger of its own source, or the oldest whose introducer is not more trusted. What a member
/// named gives way to gossip only. Not thread-safe.
/// </summary>
internal sealed class Strangers
{
    public const int MaxPerSource = 64;

    public const int Max = 4096;

    /// <summary>A stranger that nobody introduces for this time is forgotten. Nodes announce themselves every minute.</summary>
    public static readonly TimeSpan ForgetAfter = TimeSpan.FromMinutes(3);

    private readonly Dictionary<NodeName, Entry> _entries = [];

    /// <summary>The oldest first.</summary>
    private readonly Dictionary<IPAddress, LinkedList<Entry>> _bySource = [];

    /// <summary>By <see cref="IntroducerKind"/>, the oldest first.</summary>
    private readonly LinkedList<Entry>[] _byKind = [new(), new(), new()];

    public int Count => _entries.Count;

    /// <summary>
    /// The addresses that count as one source: a host has a whole /64 of IPv6 addresses (RFC 4291, section 2.5.4), except on its link.
    /// </summary>
    public static IPAddress SourceOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address;
        if (address.IsIPv6LinkLocal || IPAddress.IsLoopback(address)) return address;
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    /// <summary>Whether there is room for one more stranger.</summary>
    /// <param name="by">Its introducer.</param>
    /// <param name="replaced">The stranger that has to go first; null if none has.</param>
    public bool HasRoom(Introducer by, out Peer? replaced)
    {
        replaced = null;
        if (_bySource.TryGetValue(SourceOf(by.Source), out var ofSource) && ofSource.Count >= MaxPerSource)
        {
            // The nodes that a member names are missing from the tree. None of them gives way to another.
            if (by.Kind == IntroducerKind.Gossip) return false;
            replaced = ofSource.FirstOrDefault(entry => entry.By.Kind != IntroducerKind.Gossip)?.Peer;
            return replaced is not null;
        }

        if (_entries.Count < Max) return true;
        for (var kind = IntroducerKind.Announcement; kind <= by.Kind && replaced is null; kind++)
            replaced = _byKind[(int)kind].First?.Value.Peer;
        return replaced is not null;
    }

    /// <summary>Adds a peer, for which there is room; or raises the trust in one that is there.</summary>
    public void Put(Peer peer, Introducer by)
    {
        if (_entries.TryGetValue(peer.Name, out var known))
        {
            if (known.By.Kind >= by.Kind) return;
            Remove(peer.Name);
            by = by with { Source = known.By.Source };
        }

        by = by with { Source = SourceOf(by.Source) };
        var entry = new Entry(peer, by);
        _entries.Add(peer.Name, entry);
        if (!_bySource.TryGetValue(by.Source, out var ofSource)) _bySource.Add(by.Source, ofSource = new());
        entry.InSource = ofSource.AddLast(entry);
        entry.InKind = _byKind[(int)by.Kind].AddLast(entry);
    }

    public void Remove(NodeName name)
    {
        if (!_entries.Remove(name, out var entry)) return;
        var ofSource = _bySource[entry.By.Source];
        ofSource.Remove(entry.InSource!);
        if (ofSource.Count == 0) _bySource.Remove(entry.By.Source);
        _byKind[(int)entry.By.Kind].Remove(entry.InKind!);
    }

    private sealed class Entry(Peer peer, Introducer by)
    {
        public Peer Peer => peer;

        public Introducer By => by;

        public LinkedListNode<Entry>? InSource { get; set; }

        public LinkedListNode<Entry>? InKind { get; set; }
    }
}
