using System.Text;
using System.Text.Json;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Replication;

/// <summary>An entry of an update message while it is read.</summary>
internal struct WireEntry
{
    private bool _isDeletion, _isDirectory, _hasName, _isUnrepresentable;
    private long _size, _lastModified, _changed, _stampNanoseconds;
    private int _nanoseconds;
    private uint _mode;

    /// <summary>The entry is in the directory of the previous one. The reader has its name, and <see cref="Path"/> is not set.</summary>
    public bool IsSibling { get; private set; }

    /// <summary>The path; not set if <see cref="IsLeftOut"/> or <see cref="IsSibling"/>.</summary>
    public VirtualPath Path { get; private set; }

    /// <summary>Its name is invalid in our tree, or it is neither a file nor a directory.</summary>
    public readonly bool IsLeftOut => _isUnrepresentable || (!IsDeletion && !_isDirectory && (_mode & GoFileMode.NotRegular) != 0);

    public readonly bool IsDirectory => _isDirectory;

    /// <summary>Both forms: the specification's, and the one that legacy nodes understand.</summary>
    public readonly bool IsDeletion => _isDeletion || _size == -1;

    public readonly FileFacts Facts => new(
        _isDirectory || IsDeletion ? 0 : _size,
        UnixTime.FromSeconds(_lastModified, _nanoseconds),
        GoFileMode.ToPermissions(_mode),
        Stamp.FromSeconds(_changed, _stampNanoseconds));

    /// <summary>Reads one member; the reader is at its value.</summary>
    public void Take(UpdateEntryField field, ref Utf8JsonReader reader)
    {
        switch (field)
        {
            case UpdateEntryField.FullName:
                TakeName(ref reader);
                break;
            case UpdateEntryField.Deletion:
                _isDeletion = Boolean(ref reader, UpdateFields.Deletion);
                break;
            case UpdateEntryField.Directory:
                _isDirectory = Boolean(ref reader, UpdateFields.Directory);
                break;
            case UpdateEntryField.Size:
                _size = Integer(ref reader, UpdateFields.Size);
                if (_size < -1) throw new UpdateFormatException($"SizeInBytes is {_size}; it is 0 or more, or -1 for a deletion");
                break;
            case UpdateEntryField.LastModified:
                _lastModified = Integer(ref reader, UpdateFields.LastModified);
                break;
            case UpdateEntryField.Nanoseconds:
                _nanoseconds = (int)Math.Clamp(Integer(ref reader, UpdateFields.Nanoseconds), 0, 999_999_999);
                break;
            case UpdateEntryField.LastInfoUpdated:
                _changed = Integer(ref reader, UpdateFields.LastInfoUpdated);
                break;
            case UpdateEntryField.StampNanoseconds:
                _stampNanoseconds = Integer(ref reader, UpdateFields.StampNanoseconds);
                break;
            case UpdateEntryField.Mode:
                _mode = (uint)Math.Clamp(Integer(ref reader, UpdateFields.Mode), 0, uint.MaxValue);
                break;
            default:
                reader.TrySkip();
                break;
        }
    }

    public void TakeSibling()
    {
        _hasName = true;
        _isUnrepresentable = false;
        IsSibling = true;
    }

    /// <exception cref="UpdateFormatException">It has no name.</exception>
    public readonly void Check()
    {
        if (!_hasName) throw new UpdateFormatException("an entry of Files has no FullName");
    }

    private void TakeName(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String) throw new UpdateFormatException("FullName is not a string");
        _hasName = true;
        IsSibling = false;
        string text;
        try
        {
            text = reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // Invalid UTF-8 or an unpaired surrogate: a name on the sender's disk, not a malformed message.
            _isUnrepresentable = true;
            return;
        }

        var names = text.AsSpan();
        if (names.StartsWith('/')) names = names[1..];
        foreach (var range in names.Split('/'))
        {
            if (names[range] is "" or "." or "..")
                throw new UpdateFormatException($"FullName {Quoted(text)} is no path: it has an empty name, . or ..");
        }

        _isUnrepresentable = !VirtualPath.TryParse(names, out var path);
        Path = path;
    }

    private static bool Boolean(ref Utf8JsonReader reader, JsonEncodedText field) => reader.TokenType switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False or JsonTokenType.Null => false,
        _ => throw new UpdateFormatException($"{field} is neither true nor false"),
    };

    private static long Integer(ref Utf8JsonReader reader, JsonEncodedText field) => UpdateReader.Integer(ref reader, field);

    private static string Quoted(string text)
    {
        var shown = new StringBuilder("\"");
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, 100))) shown.Append(char.IsControl(c) ? '?' : c);
        return shown.Append(text.Length > 100 ? "…\"" : "\"").ToString();
    }
}

internal enum UpdateEntryField
{
    Unknown,
    Deletion,
    FullName,
    Basename,
    Directory,
    LastModified,
    LastInfoUpdated,
    Size,
    Mode,
    Owner,
    Nanoseconds,
    StampNanoseconds,
}
