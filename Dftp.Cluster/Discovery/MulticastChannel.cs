using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.Discovery;

/// <summary>
/// A multicast group on all interfaces of this machine that support it. Each send lists the interfaces again: new ones are joined, and
/// those that disappeared are dropped. A failing interface is logged once, until it works again. One sender and one receiver at a time.
/// </summary>
internal sealed class MulticastChannel : DatagramChannel
{
    private readonly IPEndPoint _group;
    private readonly Func<NetworkInterface, bool>? _filter;
    private readonly ILogger _logger;
    private readonly Socket _receiver;
    private readonly Dictionary<int, JoinedInterface> _joined = [];
    private readonly HashSet<string> _failing = [];
    private volatile IReadOnlyCollection<IPAddress> _localAddresses = [];

    /// <param name="group">A multicast address and a port.</param>
    /// <param name="filter">Selects interfaces; null for all.</param>
    /// <param name="logger">Logs failing interfaces.</param>
    /// <exception cref="SocketException">The port is in use.</exception>
    public MulticastChannel(IPEndPoint group, Func<NetworkInterface, bool>? filter, ILogger logger)
    {
        _group = group;
        _filter = filter;
        _logger = logger;
        _receiver = GroupSocket.ToReceive(group);
        Refresh();
    }

    public override IReadOnlyCollection<IPAddress> LocalAddresses => _localAddresses;

    public override Sending Send(ReadOnlySpan<byte> datagram)
    {
        var hasNewWay = Refresh();
        var sent = 0;
        foreach (var joined in _joined.Values)
        {
            try
            {
                joined.Sender.SendTo(datagram, SocketFlags.None, _group);
                _failing.Remove(joined.Interface.Name);
                sent++;
            }
            catch (SocketException e)
            {
                Failed(joined.Interface.Name, e);
            }
        }

        return new Sending(sent, hasNewWay);
    }

    public override async ValueTask<Datagram> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var from = new IPEndPoint(GroupSocket.Any(_group), 0);
        while (true)
        {
            var received = await _receiver.ReceiveMessageFromAsync(buffer, SocketFlags.None, from, cancellationToken);
            // The port may also receive other groups, and datagrams to this machine only.
            if (!IsToGroup(received.PacketInformation.Address)) continue;
            return new Datagram(received.ReceivedBytes, ((IPEndPoint)received.RemoteEndPoint).Address);
        }
    }

    public override void Dispose()
    {
        foreach (var joined in _joined.Values) joined.Sender.Dispose();
        _joined.Clear();
        _receiver.Dispose();
    }

    /// <returns>Whether an interface was joined.</returns>
    private bool Refresh()
    {
        List<GroupInterface> now;
        try
        {
            now = GroupInterface.All(_group.AddressFamily, _filter);
        }
        catch (NetworkInformationException e)
        {
            Failed("all", e);
            return false;
        }

        _localAddresses = [.. now.SelectMany(candidate => candidate.Addresses)];
        var present = now.ToDictionary(candidate => candidate.Index);
        foreach (var (index, joined) in _joined)
        {
            var isSame = present.TryGetValue(index, out var candidate) && candidate.Name == joined.Interface.Name
                && candidate.Addresses.SequenceEqual(joined.Interface.Addresses);
            if (!isSame) Forget(index, joined);
        }

        var hasJoined = false;
        foreach (var candidate in now)
        {
            if (!_joined.ContainsKey(candidate.Index)) hasJoined |= TryJoin(candidate);
        }

        _failing.RemoveWhere(name => now.TrueForAll(candidate => candidate.Name != name));
        return hasJoined;
    }

    private bool TryJoin(GroupInterface candidate)
    {
        Socket? sender = null;
        try
        {
            sender = GroupSocket.ToSend(_group, candidate);
            GroupSocket.Join(_receiver, _group, candidate);
            _joined.Add(candidate.Index, new JoinedInterface(candidate, sender));
            _logger.Joined(_group, candidate.Name);
            return true;
        }
        catch (SocketException e)
        {
            sender?.Dispose();
            Failed(candidate.Name, e);
            return false;
        }
    }

    private void Forget(int index, JoinedInterface joined)
    {
        joined.Sender.Dispose();
        _joined.Remove(index);
        try
        {
            GroupSocket.Leave(_receiver, _group, index);
        }
        catch (SocketException)
        {
            // The kernel dropped the membership together with the interface.
        }

        _logger.Left(_group, joined.Interface.Name);
    }

    private void Failed(string interfaceName, Exception e)
    {
        if (_failing.Add(interfaceName)) _logger.InterfaceFailed(_group, interfaceName, e.Message);
    }

    /// <summary>Compares addresses by their bytes, because an IPv6 destination has the index of the interface as its scope.</summary>
    private bool IsToGroup(IPAddress destination) => destination.GetAddressBytes().AsSpan().SequenceEqual(_group.Address.GetAddressBytes());

    private sealed record JoinedInterface(GroupInterface Interface, Socket Sender);
}
