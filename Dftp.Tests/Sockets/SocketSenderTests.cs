using System.Net;
using System.Net.Sockets;
using Dftp.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Tests.Sockets;

/// <summary>Sending by the kernel and from memory follow the same contract.</summary>
[TestClass]
public sealed class SocketSenderTests
{
    private const int Size = 16_000_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly byte[] Bytes = MakeBytes(Size);

    private readonly string _path = Path.GetTempFileName();

    [TestInitialize]
    public void WriteFile() => File.WriteAllBytes(_path, Bytes);

    [TestCleanup]
    public void DeleteFile() => File.Delete(_path);

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task File_ArrivesWhole_HoweverSlowTheReader(bool byKernel)
    {
        var (near, far) = await PairAsync();
        using var _ = near;
        using var __ = far;
        using var sender = new SocketSender(near, byKernel);
        var sending = SendFileAsync(sender, 12_345, 8_000_000);
        var received = new byte[8_000_000];
        for (var at = 0; at < received.Length;)
        {
            at += await far.ReceiveAsync(received.AsMemory(at, Math.Min(10_000, received.Length - at))).AsTask().WaitAsync(Patience);
        }

        Assert.AreEqual(8_000_000, await sending.WaitAsync(Patience));
        Assert.IsTrue(Bytes.AsSpan(12_345, 8_000_000).SequenceEqual(received));
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task File_ThatEndsBeforeItsLength_IsAnError(bool byKernel)
    {
        var (near, far) = await PairAsync();
        using var _ = near;
        using var __ = far;
        using var sender = new SocketSender(near, byKernel);
        var reading = ReadToEndAsync(far);

        var error = await Assert.ThrowsExactlyAsync<EndOfStreamException>(() => SendFileAsync(sender, Size - 1000, 1001));

        Assert.AreEqual("the file became shorter while it was sent", error.Message);
        near.Dispose();
        Assert.AreEqual(1000, (await reading.WaitAsync(Patience)).Length);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Token_EndsASenderThatWaitsForItsReader(bool byKernel)
    {
        var (near, far) = await PairAsync();
        using var _ = near;
        using var __ = far;
        using var sender = new SocketSender(near, byKernel);
        using var stop = new CancellationTokenSource();
        var sending = SendFileAsync(sender, 0, Size, stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsExactlyAsync<OperationCanceledException>(() => sending.WaitAsync(Patience));
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Reader_ThatResets_IsASocketError(bool byKernel)
    {
        var (near, far) = await PairAsync();
        using var _ = near;
        using var __ = far;
        using var sender = new SocketSender(near, byKernel);
        var sending = SendFileAsync(sender, 0, Size);
        far.LingerState = new LingerOption(true, 0);
        far.Dispose();

        await Assert.ThrowsExactlyAsync<SocketException>(() => sending.WaitAsync(Patience));
    }

    // A slow reader's progress is visible piece by piece: an idle limit must not cut a client that reads slowly but steadily.
    [TestMethod]
    public async Task Pieces_EndWithTheRoomInTheSocket()
    {
        var (near, far) = await PairAsync();
        using var _ = near;
        using var __ = far;
        using var sender = new SocketSender(near);
        using var file = File.OpenHandle(_path);

        var first = await sender.SendFileAsync(file, 0, Size, default).AsTask().WaitAsync(Patience);

        Assert.IsTrue(first is > 0 and < SocketSender.MaxPieceBytes, $"{first} bytes");
    }

    [TestMethod]
    [DataRow(1000)]
    [DataRow(1 << 20)]
    public async Task OtherSocket_IsForwardedByThePipe(int readSize)
    {
        var (near, far) = await PairAsync();
        var (source, origin) = await PairAsync();
        using var _ = near;
        using var __ = far;
        using var ___ = source;
        using var sender = new SocketSender(near);
        var bytes = Bytes.AsMemory(0, 5_000_000);
        var forwarding = Task.Run(async () =>
        {
            var from = new SocketSource(source);
            for (var left = bytes.Length; left > 0;)
            {
                if (sender.Pending == 0) Assert.AreNotEqual(0, await sender.FillAsync(from, left, default));
                left -= await sender.DrainAsync(default);
            }

            near.Socket.Shutdown(SocketShutdown.Send);
        });
        var sending = Task.Run(async () =>
        {
            for (var at = 0; at < bytes.Length;) at += await origin.SendAsync(bytes[at..]);
            origin.Dispose();
        });

        var received = await ReadToEndAsync(far, readSize);

        await Task.WhenAll(forwarding, sending).WaitAsync(Patience);
        Assert.IsTrue(bytes.Span.SequenceEqual(received));
    }

    [TestMethod]
    public async Task Source_ThatCannotBeSpliced_IsToBeRead()
    {
        var (near, far) = await PairAsync();
        using var _ = near;
        using var __ = far;
        using var sender = new SocketSender(near);

        Assert.AreEqual(0, await sender.FillAsync(new SocketSource(near) { CanFill = false }, 10, default));
        await sender.SendAsync("read"u8.ToArray(), default);

        near.Dispose();
        Assert.IsTrue((await ReadToEndAsync(far)).AsSpan().SequenceEqual("read"u8));
    }

    private async Task<long> SendFileAsync(SocketSender sender, long offset, long length, CancellationToken cancellationToken = default)
    {
        using var file = File.OpenHandle(_path);
        var left = length;
        while (left > 0) left -= await sender.SendFileAsync(file, offset + length - left, left, cancellationToken);
        return length;
    }

    private static async Task<byte[]> ReadToEndAsync(Socket socket, int readSize = 64 * 1024)
    {
        var all = new MemoryStream();
        var piece = new byte[readSize];
        for (int count; (count = await socket.ReceiveAsync(piece).WaitAsync(Patience)) > 0;) all.Write(piece, 0, count);
        return all.ToArray();
    }

    private static async Task<(LoopSocket Near, Socket Far)> PairAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 64 * 1024 };
        await far.ConnectAsync(listener.LocalEndpoint);
        return (new LoopSocket(await listener.AcceptSocketAsync()) { Socket = { SendBufferSize = 64 * 1024 } }, far);
    }

    private static byte[] MakeBytes(int count)
    {
        var bytes = new byte[count];
        new Random(7040).NextBytes(bytes);
        return bytes;
    }

    private sealed class SocketSource(LoopSocket socket) : ISpliceSource
    {
        public bool CanFill { get; init; } = true;

        public ValueTask<int> FillAsync(SafeFileHandle pipe, int most, CancellationToken cancellationToken) =>
            socket.FillAsync(pipe, most, cancellationToken);
    }
}
