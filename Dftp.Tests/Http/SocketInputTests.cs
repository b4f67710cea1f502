using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Dftp.Http.Transport;
using Dftp.Sockets;
using Dftp.Tests.Support;
using Microsoft.AspNetCore.Connections;

namespace Dftp.Tests.Http;

/// <summary>Tests of the socket input alone.</summary>
[TestClass]
public sealed class SocketInputTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private LoopSocket _near = null!;
    private Socket _far = null!;
    private SocketInput _input = null!;

    [TestInitialize]
    public async Task Connect()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _far = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await _far.ConnectAsync(listener.LocalEndpoint);
        _near = new LoopSocket(await listener.AcceptSocketAsync());
        _input = new SocketInput(_near);
    }

    public void Dispose()
    {
        _near.Dispose();
        _far.Dispose();
    }

    [TestMethod]
    public async Task UnconsumedBytes_ComeAgainWithMore()
    {
        await _far.SendAsync("GET /"u8.ToArray());
        var first = await ReadAsync();
        Assert.AreEqual("GET /", Text(first));
        _input.AdvanceTo(first.Buffer.GetPosition(2), first.Buffer.End);

        var reading = _input.ReadAsync();
        Assert.IsFalse(reading.IsCompleted);
        await _far.SendAsync(" HTTP"u8.ToArray());

        Assert.AreEqual("T / HTTP", Text(await reading.AsTask().WaitAsync(Patience)));
    }

    [TestMethod]
    public async Task UnexaminedBytes_ComeAgainAtOnce()
    {
        await _far.SendAsync("one two"u8.ToArray());
        var first = await ReadAsync();
        _input.AdvanceTo(first.Buffer.GetPosition(4));

        Assert.IsTrue(_input.TryRead(out var rest));
        Assert.AreEqual("two", Text(rest));
        _input.AdvanceTo(rest.Buffer.End);
        Assert.IsFalse(_input.TryRead(out _));
    }

    [TestMethod]
    public async Task MuchMoreThanABuffer_IsKeptUntilItIsConsumed()
    {
        var bytes = new byte[300_000];
        new Random(1).NextBytes(bytes);
        var sending = _far.SendAsync(bytes);
        ReadResult read;
        while (true)
        {
            read = await ReadAsync();
            if (read.Buffer.Length == bytes.Length) break;
            _input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }

        CollectionAssert.AreEqual(bytes, read.Buffer.ToArray());
        _input.AdvanceTo(read.Buffer.End);
        await sending;
    }

    // As an upload does; a system call for each 4 KiB would be most of the work.
    [TestMethod]
    public async Task BufferOfAStream_GrowsToItsMaximum_AndShrinksWhenLittleArrives()
    {
        const int least = 4 * 1024;
        const int most = 256 * 1024;
        var sending = _far.SendAsync(new byte[4 * 1024 * 1024]);
        var sizes = new List<long>();
        for (long left = 4 * 1024 * 1024; left > 0; left -= sizes[^1])
        {
            var read = await ReadAsync();
            sizes.Add(read.Buffer.Length);
            _input.AdvanceTo(read.Buffer.End);
        }

        await sending;
        Assert.IsTrue(sizes[0] <= least && sizes.Max() > 64 * 1024 && sizes.Max() <= most, string.Join(' ', sizes));

        for (var i = 0; i < 10; i++)
        {
            await _far.SendAsync("x"u8.ToArray());
            _input.AdvanceTo((await ReadAsync()).Buffer.End);
        }

        await _far.SendAsync(new byte[32 * 1024]);
        await Eventually.TrueAsync(() => _near.Socket.Available == 32 * 1024, "all has arrived");
        Assert.AreEqual(least, (await ReadAsync()).Buffer.Length);
    }

    [TestMethod]
    public async Task Progress_IsWhatArrivedAndWhatWasRead()
    {
        Assert.IsFalse(_input.HasProgressed());
        await _far.SendAsync("one"u8.ToArray());
        await Eventually.TrueAsync(() => _near.Socket.Available == 3, "it has arrived");
        Assert.IsTrue(_input.HasProgressed());
        Assert.IsTrue(_input.HasProgressed(), "it still waits");
        _input.AdvanceTo((await ReadAsync()).Buffer.End);

        Assert.IsTrue(_input.HasProgressed());
        Assert.IsFalse(_input.HasProgressed());
        _near.Dispose();
        Assert.IsFalse(_input.HasProgressed());
    }

    [TestMethod]
    public async Task End_IsReportedAfterTheLastBytes()
    {
        await _far.SendAsync("last"u8.ToArray());
        _far.Shutdown(SocketShutdown.Send);
        var read = await ReadAsync();
        Assert.AreEqual("last", Text(read));
        _input.AdvanceTo(read.Buffer.End);

        read = await ReadAsync();

        Assert.IsTrue(read.IsCompleted);
        Assert.IsTrue(read.Buffer.IsEmpty);
    }

    [TestMethod]
    public async Task PendingRead_CanBeCancelled_AndContinuesLater()
    {
        var reading = _input.ReadAsync().AsTask();
        _input.CancelPendingRead();
        var read = await reading.WaitAsync(Patience);
        Assert.IsTrue(read.IsCanceled);
        _input.AdvanceTo(read.Buffer.End);

        await _far.SendAsync("x"u8.ToArray());

        Assert.AreEqual("x", Text(await ReadAsync()));
    }

    // The server calls it on its only timeout thread, which must not read a request and wait for a disk.
    [TestMethod]
    public async Task CallerOfCancelPendingRead_DoesNotRunTheReader()
    {
        var caller = 0;
        var reader = _input.ReadAsync().AsTask()
            .ContinueWith(
                _ => Environment.CurrentManagedThreadId,
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        var canceller = new Thread(() =>
        {
            caller = Environment.CurrentManagedThreadId;
            _input.CancelPendingRead();
        });
        canceller.Start();

        var ran = await reader.WaitAsync(Patience);

        Assert.IsTrue(canceller.Join(Patience));
        Assert.AreNotEqual(caller, ran);
    }

    [TestMethod]
    public async Task Reset_IsReportedAsAReset()
    {
        _far.LingerState = new LingerOption(true, 0);
        _far.Dispose();

        await Assert.ThrowsExactlyAsync<ConnectionResetException>(ReadAsync);
    }

    private static string Text(ReadResult read) => Encoding.ASCII.GetString(read.Buffer.ToArray());

    private Task<ReadResult> ReadAsync() => _input.ReadAsync().AsTask().WaitAsync(Patience);
}
