using System.Net;
using System.Net.Sockets;
using Dftp.FileSystem;
using Dftp.Ftp.Data;

namespace Dftp.Tests.Ftp;

/// <summary>Both ways of sending a file's region keep the same promises.</summary>
[TestClass]
public sealed class RegionSenderTests
{
    private static readonly byte[] Bytes = MakeBytes();

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Region_ArrivesWhole_HoweverSlowTheReader(bool bySendFile)
    {
        var (sender, receiver) = await ConnectedPairAsync();
        using var both = new Both(sender, receiver);
        await using var content = new DiskContent(Bytes, new ByteRange(12_345, 8_000_000));
        using var transfer = new Transfer(TimeProvider.System, TimeSpan.FromMinutes(1));
        var sending = Sender(bySendFile)(sender, content.Region!.Value, transfer);
        var received = new byte[8_000_000];
        for (var at = 0; at < received.Length;)
        {
            at += await receiver.ReceiveAsync(received.AsMemory(at, Math.Min(10_000, received.Length - at)));
        }

        await sending;
        Assert.IsTrue(Bytes.AsSpan(12_345, 8_000_000).SequenceEqual(received));
        Assert.AreEqual(8_000_000, transfer.Bytes);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Region_ThatTheFileNoLongerHas_IsAnError(bool bySendFile)
    {
        var (sender, receiver) = await ConnectedPairAsync();
        using var both = new Both(sender, receiver);
        await using var content = new DiskContent(Bytes[..1000], new ByteRange(0, 1001));
        using var transfer = new Transfer(TimeProvider.System, TimeSpan.FromMinutes(1));
        var error = await Assert.ThrowsExceptionAsync<FileContentException>(
            () => Sender(bySendFile)(sender, content.Region!.Value, transfer));
        StringAssert.Contains(error.Message, "shorter");
        Assert.AreEqual(1000, transfer.Bytes);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Stop_EndsASenderThatWaitsForItsReader(bool bySendFile)
    {
        var (sender, receiver) = await ConnectedPairAsync();
        using var both = new Both(sender, receiver);
        await using var content = new DiskContent(Bytes, new ByteRange(0, Bytes.Length));
        using var transfer = new Transfer(TimeProvider.System, TimeSpan.FromMinutes(1));
        var sending = Sender(bySendFile)(sender, content.Region!.Value, transfer);
        transfer.Stop("test");
        try
        {
            await sending;
            Assert.Fail("it was not stopped");
        }
        catch (OperationCanceledException)
        {
            Assert.AreEqual("test", transfer.StopReason);
        }
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Reader_ThatResets_IsASocketError(bool bySendFile)
    {
        var (sender, receiver) = await ConnectedPairAsync();
        using var both = new Both(sender, receiver);
        await using var content = new DiskContent(Bytes, new ByteRange(0, Bytes.Length));
        using var transfer = new Transfer(TimeProvider.System, TimeSpan.FromMinutes(1));
        var sending = Sender(bySendFile)(sender, content.Region!.Value, transfer);
        receiver.LingerState = new LingerOption(true, 0);
        receiver.Dispose();
        await Assert.ThrowsExceptionAsync<SocketException>(() => sending);
    }

    private static RegionSender Sender(bool bySendFile)
    {
        if (!bySendFile) return RegionCopy.SendAsync;
        if (!SendFile.IsAvailable) Assert.Inconclusive("no sendfile here");
        return SendFile.SendAsync;
    }

    private static async Task<(Socket Sender, Socket Receiver)> ConnectedPairAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var sender = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { SendBufferSize = 64 * 1024 };
        await sender.ConnectAsync(listener.LocalEndPoint!);
        return (sender, await listener.AcceptAsync());
    }

    private static byte[] MakeBytes()
    {
        var bytes = new byte[16_000_000];
        new Random(7040).NextBytes(bytes);
        return bytes;
    }

    private sealed class Both(Socket one, Socket other) : IDisposable
    {
        public void Dispose()
        {
            one.Dispose();
            other.Dispose();
        }
    }
}
