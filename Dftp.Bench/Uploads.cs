using System.Buffers;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Dftp.FileSystem;
using Dftp.Http;
using Dftp.Http.Transport;
using Dftp.Routes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dftp.Bench;

/// <summary>
/// Bodies of requests at a handler, beside what a plain loop of <c>recv(2)</c> gives: <c>Dftp.Bench uploads [MIB] [ROUNDS]</c>. The client
/// is a process of its own; processor time is the receiving side's, as the median of the rounds.
/// </summary>
internal static class Uploads
{
    private const int PieceBytes = 256 * 1024;

    private static readonly string Sink = $"/dev/shm/dftp-bench-{Environment.ProcessId}";

    public static async Task RunAsync(string[] arguments)
    {
        var size = Number(arguments, 0, 1024) * 1024 * 1024;
        var rounds = (int)Number(arguments, 1, 5);
        var server = await StartServerAsync();
        var port = new Uri(server.Urls.Single()).Port;
        Func<Task>[] rows =
        [
            () => LoopAsync("recv", size, writes: false),
            () => LoopAsync("recv, write", size, writes: true),
            () => PutAsync("PUT length, discard", port, "/discard/", size, isChunked: false),
            () => PutAsync("PUT length, write", port, "/write/", size, isChunked: false),
            () => PutAsync("PUT chunked, discard", port, "/discard/", size, isChunked: true),
            () => PutAsync("PUT chunked, write", port, "/write/", size, isChunked: true),
        ];
        for (var round = 0; round <= rounds; round++)
        {
            // The first round warms up.
            if (round == 1) Results.Clear();
            foreach (var row in rows) await row();
        }

        foreach (var row in Results.GroupBy(result => result.Name))
        {
            var line = string.Create(
                CultureInfo.InvariantCulture,
                $"{row.Key,-22} {Median(row.Select(each => each.Rate)),6:0.00} GB/s {Median(row.Select(each => each.Cpu)),6:0} ms/GB");
            Console.WriteLine(line);
        }

        await server.DisposeAsync();
        File.Delete(Sink);
    }

    /// <summary>The client's process: sends a body and waits for the end of the connection.</summary>
    public static void Send(string[] arguments)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(IPAddress.Loopback, int.Parse(arguments[0], CultureInfo.InvariantCulture));
        var left = long.Parse(arguments[2], CultureInfo.InvariantCulture);
        var isChunked = arguments[3] == "chunked";
        var piece = new byte[PieceBytes];
        if (arguments[1] != "-")
        {
            var framing = isChunked ? "Transfer-Encoding: chunked" : $"Content-Length: {left}";
            socket.Send(Encoding.ASCII.GetBytes($"PUT {arguments[1]} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{framing}\r\n\r\n"));
        }

        // As most programs do: the size, the bytes and the end of a chunk in one call.
        var chunk = Encoding.ASCII.GetBytes($"{PieceBytes:x}\r\n").Concat(piece).Concat("\r\n"u8.ToArray()).ToArray();
        for (; left > 0; left -= PieceBytes) SendAll(socket, isChunked ? chunk : piece);
        if (isChunked) socket.Send("0\r\n\r\n"u8);
        socket.Shutdown(SocketShutdown.Send);
        var answer = new byte[4096];
        var length = socket.Receive(answer);
        if (arguments[1] != "-" && !Encoding.ASCII.GetString(answer, 0, length).StartsWith("HTTP/1.1 204", StringComparison.Ordinal))
            throw new InvalidOperationException(Encoding.ASCII.GetString(answer, 0, length));
    }

    private static List<(string Name, double Rate, double Cpu)> Results { get; } = [];

    private static void SendAll(Socket socket, byte[] bytes)
    {
        for (var at = 0; at < bytes.Length;) at += socket.Send(bytes, at, bytes.Length - at, SocketFlags.None);
    }

    private static async Task LoopAsync(string name, long size, bool writes)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        await MeasureAsync(name, port, "-", size, isChunked: false, () =>
        {
            using var socket = listener.AcceptSocket();
            using var file = writes ? File.OpenHandle(Sink, FileMode.Create, FileAccess.Write) : null;
            var piece = new byte[PieceBytes];
            long at = 0;
            for (int count; (count = socket.Receive(piece)) > 0; at += count)
            {
                if (file is not null) RandomAccess.Write(file, piece.AsSpan(0, count), at);
            }
        });
    }

    private static Task PutAsync(string name, int port, string target, long size, bool isChunked) =>
        MeasureAsync(name, port, target, size, isChunked, receive: null);

    private static async Task MeasureAsync(string name, int port, string target, long size, bool isChunked, Action? receive)
    {
        using var me = Process.GetCurrentProcess();
        var (cpu, began) = (me.TotalProcessorTime, Stopwatch.GetTimestamp());
        string[] arguments = ["upload", $"{port}", target, $"{size}", isChunked ? "chunked" : "length"];
        using var client = Process.Start(Environment.ProcessPath!, arguments);
        receive?.Invoke();
        await client.WaitForExitAsync();
        me.Refresh();
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        if (client.ExitCode != 0) throw new InvalidOperationException($"{name}: the client failed");
        Results.Add((name, size / seconds / 1e9, (me.TotalProcessorTime - cpu).TotalMilliseconds / (size / 1e9)));
    }

    private static async Task<WebApplication> StartServerAsync()
    {
        var tree = new NoTree();
        var options = new HttpOptions { NodeName = BigTree.Node, ClusterName = "bench", Version = "0" };
        using var meter = new Meter("bench");
        var http = new HttpFrontEnd(
            tree, tree, options, [Row("/discard/", false), Row("/write/", true)], null, 100, meter, NullLoggerFactory.Instance);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        http.AddTo(builder.Services);
        var endPoint = new IPEndPoint(IPAddress.Loopback, 0);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            HttpFrontEnd.SetLimits(kestrel);
            kestrel.Listen(endPoint, listen => http.Serve(listen));
        });
        builder.Services.AddSingleton<IConnectionListenerFactory>(
            new LoopTransport([endPoint], SocketTransportOptions.CreateDefaultBoundListenSocket, NullLoggerFactory.Instance));
        var app = builder.Build();
        http.Map(app);
        await app.StartAsync();
        return app;
    }

    private static Route Row(string path, bool writes) => new(
        Interfaces.Public, path, PathMatch.Prefix, ["PUT"], RouteAccess.Tree, BodyLimit.Stream,
        request => TakeAsync(request.Http, writes));

    private static async Task TakeAsync(HttpContext http, bool writes)
    {
        using var file = writes ? File.OpenHandle(Sink, FileMode.Create, FileAccess.Write) : null;
        long at = 0;
        for (var body = http.Request.BodyReader; ;)
        {
            var read = await body.ReadAsync();
            if (file is not null)
            {
                RandomAccess.Write(file, SegmentsOf(read.Buffer), at);
                at += read.Buffer.Length;
            }

            body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) break;
        }

        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static List<ReadOnlyMemory<byte>> SegmentsOf(in ReadOnlySequence<byte> bytes)
    {
        var segments = new List<ReadOnlyMemory<byte>>();
        foreach (var segment in bytes) segments.Add(segment);
        return segments;
    }

    private static long Number(string[] arguments, int index, long otherwise) =>
        arguments.Length > index ? long.Parse(arguments[index], CultureInfo.InvariantCulture) : otherwise;

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    /// <summary>Nothing here asks for a file.</summary>
    private sealed class NoTree : IFileTree
    {
        public ITreeView For(Principal principal) => throw new NotSupportedException();
    }
}
