using System.Text;
using Dftp.FileSystem;
using Dftp.Http.Text;

namespace Dftp.Http.Pages;

/// <summary>Answers <c>/find/</c>: the path of every file under a directory, a line each.</summary>
internal static class PathList
{
    private const int MaxLine = VirtualPath.MaxPathBytes + VirtualPath.MaxNameBytes + 2;

    public static async Task AnswerAsync(TreeRequest request)
    {
        var snapshot = request.Snapshot;
        if (!snapshot.TryFind(request.Path, out var entry))
        {
            await request.Completeness.WriteNotFoundAsync(request.Http, $"Nothing is at {request.Path}.");
            return;
        }

        var response = request.Http.Response;
        response.ContentType = PlainText.ContentType;
        request.Completeness.Tell(response);
        if (request.IsHead) return;

        await response.StartAsync(request.Aborted);
        var output = new Utf8Output(response.BodyWriter);
        var prefix = new DirectoryPrefix();
        var walk = entry.IsDirectory ? snapshot.Walk(request.Path) : [new WalkEntry(request.Path.Parent, entry)];
        foreach (var step in walk)
        {
            if (step.Entry.IsDirectory) continue;
            if (!output.HasRoom(MaxLine) && !await output.MakeRoomAsync(MaxLine, request.Aborted)) return;
            AppendLine(output, prefix.Of(step.Directory), step.Entry.NameUtf8.Span);
        }

        output.Complete();
    }

    private static void AppendLine(Utf8Output output, ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> name)
    {
        var room = output.Room;
        prefix.CopyTo(room);
        name.CopyTo(room[prefix.Length..]);
        room[prefix.Length + name.Length] = (byte)'\n';
        output.Advance(prefix.Length + name.Length + 1);
    }

    /// <summary>The beginning that all lines of a directory share, encoded once for a directory.</summary>
    private sealed class DirectoryPrefix
    {
        private readonly byte[] _utf8 = new byte[VirtualPath.MaxPathBytes + 1];
        private string? _directory;
        private int _length;

        public ReadOnlySpan<byte> Of(VirtualPath directory)
        {
            // A walk gives all entries of a directory the same instance.
            if (!ReferenceEquals(directory.Value, _directory))
            {
                _directory = directory.Value;
                _length = Encoding.UTF8.GetBytes(_directory, _utf8);
                if (!directory.IsRoot) _utf8[_length++] = (byte)'/';
            }

            return _utf8.AsSpan(0, _length);
        }
    }
}
