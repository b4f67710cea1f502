using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Dftp.FileSystem;
using Dftp.Http.Files;
using Dftp.Http.Listings;

namespace Dftp.Http.Duplicates;

/// <summary>
/// Answers <c>/holders/</c>: the holders of a path, as one JSON object: <c>path</c>, <c>type</c> (file, directory), <c>owner</c>
/// and <c>holders</c>, the owner first. A holder: <c>node</c>, <c>state</c> (self, alive, suspect), <c>mtime</c> as in listings,
/// <c>modified</c> (the same to the nanosecond), <c>url</c> (null when this client cannot read it there); for a file also
/// <c>size</c>, <c>same</c> (whether size and time are the owner's) and <c>sha256</c> (null while it is unknown).
/// </summary>
internal static class HoldersHandler
{
    private static readonly JsonWriterOptions Form = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task AnswerAsync(TreeRequest request)
    {
        var holders = await request.Snapshot.HoldersAsync(request.Path, request.Aborted);
        if (holders.Count == 0)
        {
            await request.Completeness.WriteNotFoundAsync(request.Http, $"Nothing is at {request.Path}.");
            return;
        }

        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body, Form)) Write(json, request, holders);
        body.Write("\n"u8);
        var response = request.Http.Response;
        response.ContentType = EntryJson.ContentType;
        response.ContentLength = body.WrittenCount;
        response.Headers.CacheControl = "no-cache";
        request.Completeness.AddPartialResultHeaders(response);
        if (!request.IsHead) await response.Body.WriteAsync(body.WrittenMemory, request.Aborted);
    }

    private static void Write(Utf8JsonWriter json, TreeRequest request, IReadOnlyList<Entry> holders)
    {
        var owner = holders[0];
        json.WriteStartObject();
        json.WriteString("path", request.Path.Value);
        json.WriteString("type", owner.IsDirectory ? "directory" : "file");
        json.WriteString("owner", owner.Owner.Value);
        json.WriteStartArray("holders");
        foreach (var copy in holders)
        {
            // A node that has left since the snapshot was taken is not a holder any more.
            if (request.Tree.FindNode(copy.Owner) is { } node) WriteHolder(json, request, copy, node, owner);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteHolder(Utf8JsonWriter json, TreeRequest request, in Entry copy, NodeSummary node, in Entry owner)
    {
        json.WriteStartObject();
        json.WriteString("node", node.Name.Value);
        json.WriteString("state", node.State switch
        {
            NodeState.Self => "self",
            NodeState.Alive => "alive",
            NodeState.Joining => "joining",
            _ => "suspect",
        });
        json.WriteString("mtime", copy.Modified.ToDateTimeOffset().ToString("R", CultureInfo.InvariantCulture));
        json.WriteString("modified", Exact(copy.Modified));
        json.WriteString("url", HolderUrls.Of(request, node, copy.IsDirectory));
        if (!copy.IsDirectory)
        {
            json.WriteNumber("size", copy.Size);
            json.WriteBoolean("same", copy.HasSameContentFacts(owner));
            json.WriteString("sha256", request.Tree.KnownDigest(request.Path, copy, copy.Owner)?.ToHex());
        }

        json.WriteEndObject();
    }

    private static string Exact(UnixTime time)
    {
        var nanoseconds = time.Nanoseconds - UnixTime.FromSeconds(time.Seconds).Nanoseconds;
        return string.Create(
            CultureInfo.InvariantCulture, $"{DateTimeOffset.UnixEpoch.AddSeconds(time.Seconds):yyyy-MM-dd'T'HH:mm:ss}.{nanoseconds:D9}Z");
    }
}
