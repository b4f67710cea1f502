using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Dftp.Routes;
using Microsoft.AspNetCore.Http;

namespace Dftp.Tests.Http;

/// <summary>Routes that take bodies, as routes for writing will.</summary>
internal sealed class UploadRoutes
{
    public const int Limit = 1000;

    private int _handled;
    private int _failed;
    private int _largestRead;

    public UploadRoutes()
    {
        All =
        [
            Row("/whole/", BodyLimit.Stream, AnswerWholeAsync),
            Row("/limited/", BodyLimit.Bytes(Limit), AnswerWholeAsync),
            Row("/begin/", BodyLimit.Stream, AnswerBeginAsync),
            Row("/refused/", BodyLimit.Stream, http => AnswerAsync(http, StatusCodes.Status403Forbidden, "refused")),
        ];
    }

    public IReadOnlyList<Route> All { get; }

    /// <summary>Requests that have reached a handler.</summary>
    public int Handled => Volatile.Read(ref _handled);

    /// <summary>Handlers that ended with an exception.</summary>
    public int Failed => Volatile.Read(ref _failed);

    /// <summary>The most bytes that a handler has got at once.</summary>
    public int LargestRead => Volatile.Read(ref _largestRead);

    /// <summary>Handlers wait for it before each read.</summary>
    public Func<Task> Gate { get; set; } = () => Task.CompletedTask;

    /// <summary>What <see cref="AnswerWholeAsync"/> says about a body.</summary>
    public static string Said(ReadOnlySpan<byte> body) => Said(body.Length, XxHash3.HashToUInt64(body));

    private static string Said(long length, ulong hash) => string.Create(CultureInfo.InvariantCulture, $"{length} bytes, {hash:x16}");

    private Route Row(string path, BodyLimit body, Func<HttpContext, Task> answer) => new(
        Interfaces.Public, path, PathMatch.Prefix, ["PUT"], RouteAccess.Tree, body, async request =>
        {
            Interlocked.Increment(ref _handled);
            try
            {
                await answer(request.Http);
            }
            catch
            {
                Interlocked.Increment(ref _failed);
                throw;
            }
        });

    private async Task AnswerWholeAsync(HttpContext http)
    {
        var hash = new XxHash3();
        long length = 0;
        for (var body = http.Request.BodyReader; ;)
        {
            await Gate();
            var read = await body.ReadAsync(http.RequestAborted);
            foreach (var segment in read.Buffer) hash.Append(segment.Span);
            length += read.Buffer.Length;
            Volatile.Write(ref _largestRead, Math.Max(_largestRead, (int)read.Buffer.Length));
            body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) break;
        }

        await AnswerAsync(http, StatusCodes.Status200OK, Said(length, hash.GetCurrentHashAsUInt64()));
    }

    /// <summary>Answers when it has read the first bytes of the body.</summary>
    private async Task AnswerBeginAsync(HttpContext http)
    {
        var begin = new byte[3];
        var count = await http.Request.Body.ReadAtLeastAsync(begin, begin.Length, throwOnEndOfStream: false, http.RequestAborted);
        await AnswerAsync(http, StatusCodes.Status200OK, $"begins with {Encoding.Latin1.GetString(begin, 0, count)}");
    }

    private static async Task AnswerAsync(HttpContext http, int status, string text)
    {
        http.Response.StatusCode = status;
        http.Response.ContentLength = text.Length;
        await http.Response.Body.WriteAsync(Encoding.Latin1.GetBytes(text), http.RequestAborted);
    }
}
