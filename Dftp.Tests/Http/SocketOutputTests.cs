using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Dftp.FileSystem;
using Dftp.Http.Transport;
using Dftp.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Dftp.Tests.Http;

/// <summary>Tests of the socket output alone.</summary>
[TestClass]
public sealed class SocketOutputTests
{
    private readonly byte[] _bytes = new byte[1_000_000];
    private readonly string _path = Path.GetTempFileName();

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Token => TestContext.CancellationToken;

    [TestInitialize]
    public void WriteFile()
    {
        new Random(1).NextBytes(_bytes);
        File.WriteAllBytes(_path, _bytes);
    }

    [TestCleanup]
    public void DeleteFile() => File.Delete(_path);

    [TestMethod]
    public async Task File_BypassesTheWriter_WhichAccountsForItAndContinues()
    {
        var (output, client, connection) = await OutputAsync();
        using var file = File.OpenHandle(_path);
        output.Write("head"u8);
        Assert.IsFalse((await output.FlushAsync(Token)).IsCompleted);
        using var sender = output.CreateSender();
        Assert.AreEqual(1000, await output.SendFileAsync(sender, new FileRegion(file, 10, 1000), Token));
        output.AccountBypassedBytes(output, 1000);
        Assert.AreEqual(0, output.UnflushedBytes);
        output.Write("tail"u8);
        await output.FlushAsync(Token);
        await connection.DisposeAsync();
        var sent = await ReadToEndAsync(client);
        Assert.IsTrue(sent.AsSpan().SequenceEqual([.. "head"u8, .. _bytes.AsSpan(10, 1000), .. "tail"u8]));
    }

    [TestMethod]
    public async Task Output_KeepsManyBlocksInOrder()
    {
        var (output, client, connection) = await OutputAsync();
        for (var at = 0; at < 1_000_000; at += 1000) output.Write(_bytes.AsSpan(at, 1000));
        Assert.AreEqual(1_000_000, output.UnflushedBytes);

        var read = ReadToEndAsync(client);
        await output.FlushAsync(Token);
        await connection.DisposeAsync();

        Assert.IsTrue((await read).AsSpan().SequenceEqual(_bytes.AsSpan(0, 1_000_000)));
    }

    [TestMethod]
    public async Task FileThatBecameShorter_IsReported_AndNothingIsSentAfterIt()
    {
        var (output, client, connection) = await OutputAsync();
        await using (var shortened = File.OpenWrite(_path)) shortened.SetLength(100);
        using var file = File.OpenHandle(_path);
        using var sender = output.CreateSender();

        Assert.AreEqual(100, await output.SendFileAsync(sender, new FileRegion(file, 0, 1000), Token));
        var failure = await Assert.ThrowsExactlyAsync<EndOfStreamException>(() =>
            output.SendFileAsync(sender, new FileRegion(file, 100, 900), Token).AsTask());
        Assert.AreEqual("the file became shorter while it was sent", failure.Message);
        output.Write("tail"u8);
        Assert.IsTrue((await output.FlushAsync(Token)).IsCompleted);

        await connection.DisposeAsync();
        Assert.AreEqual(100, (await ReadToEndAsync(client)).Length);
    }

    [TestMethod]
    public async Task OutputWhoseClientIsGone_ReportsIt_AndEndsTheConnection()
    {
        var (output, client, connection) = await OutputAsync();
        client.LingerState = new LingerOption(true, 0);
        client.Dispose();

        Assert.IsTrue(await FlushUntilOverAsync(output));

        Assert.IsTrue(connection.ConnectionClosed.IsCancellationRequested);
        output.Write("more"u8);
        Assert.IsTrue((await output.FlushAsync(Token)).IsCompleted);
        Assert.AreEqual(0, output.UnflushedBytes);
        using var file = File.OpenHandle(_path);
        using var sender = output.CreateSender();
        Assert.IsNull(await output.SendFileAsync(sender, new FileRegion(file, 0, 1000), Token));
    }

    /// <summary>The reset may still be on its way when the first bytes are sent.</summary>
    private async Task<bool> FlushUntilOverAsync(SocketOutput output)
    {
        for (var i = 0; i < 1000; i++)
        {
            output.Write(_bytes.AsSpan(0, 10_000));
            if ((await output.FlushAsync(Token)).IsCompleted) return true;
        }

        return false;
    }

    private async Task<(SocketOutput Output, Socket Client, SocketConnection Connection)> OutputAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndpoint, Token);
        var connection = new SocketConnection(await listener.AcceptSocketAsync(Token));
        return (new SocketOutput(connection, connection.Socket), client, connection);
    }

    private async Task<byte[]> ReadToEndAsync(Socket client)
    {
        using var answer = new MemoryStream();
        await using var stream = new NetworkStream(client);
        await stream.CopyToAsync(answer, Token);
        return answer.ToArray();
    }

    private sealed class SocketConnection : DefaultConnectionContext
    {
        private readonly CancellationTokenSource _closed = new();

        public SocketConnection(Socket socket)
        {
            Socket = new LoopSocket(socket);
            ConnectionClosed = _closed.Token;
        }

        public LoopSocket Socket { get; }

        public override void Abort(ConnectionAbortedException abortReason) => _closed.Cancel();

        public override ValueTask DisposeAsync()
        {
            Socket.Dispose();
            _closed.Dispose();
            return base.DisposeAsync();
        }
    }
}
