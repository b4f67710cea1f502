namespace Dftp.Node.CommandLine;

/// <summary>
/// What there is to know about an option: the command line, the environment, the file and the help all come from it.
/// </summary>
internal abstract record OptionDefinition(string Name)
{
    /// <summary>The placeholder of the value in the help, for example <c>HOST:PORT</c>.</summary>
    public required string Placeholder { get; init; }

    /// <summary>Sentences for the help.</summary>
    public required string Summary { get; init; }

    /// <summary>The value of a good example.</summary>
    public required string Example { get; init; }

    /// <summary>The value, as the user would write it, where none is given.</summary>
    public string Default { get; init; } = "";

    /// <summary>Says in words what the default means, where its text does not.</summary>
    public string DefaultMeaning { get; init; } = "";

    /// <summary>A switch is on when it is named and takes no value, except after <c>=</c>.</summary>
    public bool IsSwitch { get; init; }

    /// <summary>Whether it may be given several times; in the environment the values stand between commas, in the file in an array.</summary>
    public bool IsRepeatable { get; init; }

    /// <summary>Whether the file of <c>--config</c> may have it.</summary>
    public bool IsAllowedInFile { get; init; } = true;

    public string Flag => "--" + Name;

    public string EnvironmentVariable => "DFTP_" + Name.Replace('-', '_').ToUpperInvariant();
}

/// <param name="Name">In small letters with dashes between the words.</param>
/// <param name="Parse">
/// Reads a value. It throws <see cref="FormatException"/> with a sentence that says what is wrong without naming the option.
/// </param>
internal sealed record OptionDefinition<T>(string Name, Func<string, T> Parse) : OptionDefinition(Name);

/// <summary>Options that stand together in the help.</summary>
internal sealed record OptionGroup(string Heading, IReadOnlyList<OptionDefinition> Options);
