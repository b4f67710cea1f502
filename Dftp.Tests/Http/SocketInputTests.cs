using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Dftp.Http.Transport;
using Dftp.Sockets;
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
