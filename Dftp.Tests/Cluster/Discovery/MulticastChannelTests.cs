using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Threading.Channels;
using Dftp.Cluster.Discovery;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Door;
using Dftp.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dftp.Tests.Cluster.Discovery;

// On loopback alone, with a group and a port of their own.
[TestClass]
public sealed class MulticastChannelTests
{
    private readonly IPEndPoint _group = new(
        new IPAddress([239, 255, (byte)Random.Shared.Next(1, 255), (byte)Random.Shared.Next(1, 255)]), FreePort());

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(10_000)]
    public async Task Datagram_ReachesEverySocketOfTheMachine_TheSendersToo()
    {
        var channels = Enumerable.Range(0, 3).Select(_ => Open(_group)).ToList();
        // Several datagrams: if the kernel distributed them among the sockets, one receiver would never get its own.
        for (byte count = 0; count < 10; count++)
        {
            Assert.AreEqual(new Sending(1, false), channels[0].Send([count, 42]));
            foreach (var channel in channels)
            {
                var (bytes, source) = await ReceiveAsync(channel);
                CollectionAssert.AreEqual(new byte[] { count, 42 }, bytes);
                Assert.AreEqual(IPAddress.Loopback, source);
            }
        }

        channels.ForEach(channel => channel.Dispose());
    }

    [TestMethod]
    [Timeout(10_000)]
    public async Task OtherGroupsAndSingleDatagramsAtThePort_AreNotHeard()
    {
        var bytes = _group.Address.GetAddressBytes();
        bytes[1]--;
        var otherGroup = new IPEndPoint(new IPAddress(bytes), _group.Port);
        using var channel = Open(_group);
        using var other = Open(otherGroup);
        other.Send("other"u8);
        using (var single = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
        {
            single.SendTo("single"u8, SocketFlags.None, new IPEndPoint(IPAddress.Loopback, _group.Port));
        }

        channel.Send("ours"u8);
        CollectionAssert.AreEqual("ours"u8.ToArray(), (await ReceiveAsync(channel)).Bytes);
        CollectionAssert.AreEqual("other"u8.ToArray(), (await ReceiveAsync(other)).Bytes);
    }

    [TestMethod]
    [Timeout(10_000)]
    public async Task DatagramLongerThanTheBuffer_FillsItAndTheNextIsWhole()
    {
        using var channel = Open(_group);
        channel.Send(new byte[3000]);
        channel.Send("next"u8);
        Assert.AreEqual(2000, (await ReceiveAsync(channel)).Bytes.Length);
        CollectionAssert.AreEqual("next"u8.ToArray(), (await ReceiveAsync(channel)).Bytes);
    }

    [TestMethod]
    public void LocalAddresses_AreThoseOfTheInterfacesInUse()
    {
        using var channel = Open(_group);
        CollectionAssert.Contains(channel.LocalAddresses.ToList(), IPAddress.Loopback);
    }

    [TestMethod]
    public void NoInterface_SendsNothingAndDoesNotThrow()
    {
        using var channel = new MulticastChannel(_group, _ => false, NullLogger.Instance);
        Assert.AreEqual(new Sending(0, false), channel.Send("x"u8));
    }

    [TestMethod]
    public void InterfaceThatComesAndGoes_IsJoinedAndForgotten()
    {
        var isThere = false;
        using var channel = new MulticastChannel(_group, found => isThere && IsLoopback(found), NullLogger.Instance);
        for (var count = 0; count < 3; count++)
        {
            isThere = true;
            Assert.AreEqual(new Sending(1, true), channel.Send("x"u8));
            Assert.AreEqual(new Sending(1, false), channel.Send("x"u8));
            isThere = false;
            Assert.AreEqual(new Sending(0, false), channel.Send("x"u8));
        }
    }

    [TestMethod]
    [Timeout(10_000)]
    public async Task CancelledReceive_Ends()
    {
        using var channel = Open(_group);
        using var stop = new CancellationTokenSource();
        var receiving = channel.ReceiveAsync(new byte[10], stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => receiving);
    }

    [TestMethod]
    [Timeout(20_000)]
    public async Task TwoNodesOfOneMachine_FindEachOther()
    {
        var clock = new AwaitedTime();
        var seenByFirst = Channel.CreateUnbounded<PeerSighting>();
        var seenBySecond = Channel.CreateUnbounded<PeerSighting>();
        await using var first = Start("first", 7041, seenByFirst, clock);
        await using var second = Start("second", 7042, seenBySecond, TimeProvider.System);
        Assert.AreEqual(new PeerSighting(NodeName.Parse("second"), "127.0.0.1", 7042), await seenByFirst.Reader.ReadAsync(Stop));

        // The first node spoke when the second was not there yet: its next announcement is heard.
        await clock.PassAsync(DiscoveryLoop.FirstPauses[0], Stop);
        Assert.AreEqual(new PeerSighting(NodeName.Parse("first"), "127.0.0.1", 7041), await seenBySecond.Reader.ReadAsync(Stop));
        Assert.AreEqual((0, 0), (first.Status.Malformed, first.Status.NamesakesHeard));
    }

    private DiscoveryLoop Start(string name, int port, Channel<PeerSighting> seen, TimeProvider clock)
    {
        var loop = new DiscoveryLoop(
            new Announcement("c", NodeName.Parse(name), "", port), OpenDoor.Of("c", clock), _group, () => Open(_group), seen.Writer.WriteAsync, clock,
            NullLogger<DiscoveryLoop>.Instance);
        loop.Start();
        return loop;
    }

    private static MulticastChannel Open(IPEndPoint group) => new(group, IsLoopback, NullLogger.Instance);

    private static bool IsLoopback(NetworkInterface candidate) => candidate.NetworkInterfaceType == NetworkInterfaceType.Loopback;

    private async Task<(byte[] Bytes, IPAddress Source)> ReceiveAsync(MulticastChannel channel)
    {
        var buffer = new byte[2000];
        var datagram = await channel.ReceiveAsync(buffer, Stop);
        return (buffer[..datagram.Length], datagram.Source);
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
